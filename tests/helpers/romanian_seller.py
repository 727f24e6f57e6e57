"""A Romanian company that sends e-Factura, and to the Peppol network."""

import base64
import io
import json
import zipfile
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .internet import Asked, Internet
from .seller import LINE, Seller

#: Where Odoo's apps ask: the tax office's e-Factura, Odoo's way into Peppol.
E_FACTURA = "api.anaf.ro/test/FCTEL/rest/upload"
#: Where they ask what became of an e-Factura, and fetch the answer.
E_FACTURA_STATUS = "api.anaf.ro/test/FCTEL/rest/stareMesaj"
E_FACTURA_ANSWER = "api.anaf.ro/test/FCTEL/rest/descarcare"
PEPPOL = "peppol.test.odoo.com/api/peppol/1"
PEPPOL_LOOKUP, PEPPOL_SEND = f"{PEPPOL}/lookup", f"{PEPPOL}/send_document"

#: A customer on the Peppol network.
ENDPOINT = {"peppol_eas": "0208", "peppol_endpoint": "0477472701"}
BILLING = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"

ACCEPTED = (
    b'<header xmlns="mfp:anaf:dgti:spv:respUploadFisier:v1" ExecutionStatus="0"'
    b' index_incarcare="5001"/>'
)
REFUSED = (
    '<header xmlns="mfp:anaf:dgti:efactura:stareMesajFactura:v1" ExecutionStatus="1">'
    '<Errors errorMessage="%s"/></header>'
)

#: What the tax office says of an e-Factura, and the files of its answer.
STATUS = (
    '<header xmlns="mfp:anaf:dgti:efactura:stareMesajFactura:v1" stare="%s"'
    ' id_descarcare="9001"/>'
)
SIGNATURE = b"<SignatureValue>c2lnbmVk</SignatureValue>"
SIGNATURE_FILE = (
    b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">%s</Signature>' % SIGNATURE
)
ACCEPTED_INVOICE = (
    '<Invoice xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:'
    'CommonBasicComponents-2"><cbc:ID>INV</cbc:ID>'
    "<cbc:IssueDate>2026-11-20</cbc:IssueDate></Invoice>"
)
REFUSED_INVOICE = (
    '<header xmlns="mfp:anaf:dgti:efactura:mesajEroriFactuta:v1">'
    '<Error errorMessage="%s"/></header>'
)


def zip_answer(invoice: str, signature: bytes) -> bytes:
    """Return the tax office's answer as it is downloaded.

    :param invoice: the accepted invoice, or what was wrong with it
    :param signature: the file with the signature
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as answer:
        answer.writestr("5001.xml", invoice)
        answer.writestr("semnatura_5001.xml", signature)
    return content.getvalue()


def answer_e_factura(
    internet: Internet,
    status: str,
    invoice: str = "",
    signature: bytes = SIGNATURE_FILE,
) -> None:
    """Let the tax office say from now on what became of an e-Factura.

    :param internet: the stand-in
    :param status: ``ok``, ``nok``, or another word while it is worked on
    :param invoice: what the answer holds beside the signature
    :param signature: the file with the signature
    """
    body, files = (STATUS % status).encode(), zip_answer(invoice, signature)
    internet.answer(E_FACTURA_STATUS, lambda _asked: (200, body))
    internet.answer(E_FACTURA_ANSWER, lambda _asked: (200, files))


def look_up(asked: Asked) -> tuple[int, bytes]:
    """Answer as the Peppol network does: it knows one customer."""
    [wanted] = parse_qs(urlsplit(asked.path).query)["peppol_identifier"]
    if wanted != f"{ENDPOINT['peppol_eas']}:{ENDPOINT['peppol_endpoint']}":
        error = {"code": "NOT_FOUND", "message": "no naptr record", "retryable": False}
        return 404, json.dumps({"error": error}).encode()
    service = {"href": "https://access.example", "document_id": BILLING}
    found = {"identifier": wanted, "services": [service]}
    return 200, json.dumps({"result": found}).encode()


def take_documents(asked: Asked) -> tuple[int, bytes]:
    """Answer as Odoo's way into Peppol does: it takes every document."""
    documents = json.loads(asked.body)["params"]["documents"]
    messages = [{"message_uuid": f"uuid-{i}"} for i, _doc in enumerate(documents)]
    return 200, json.dumps({"result": {"messages": messages}}).encode()


class RomanianSeller(Seller):
    """Seller SRL in Bucharest, signed up for e-Factura and Peppol."""

    CHART = "ro"

    def _settle(self) -> None:
        values = self._bucharest("SECTOR1")
        self.admin.change("res.company", self.company_id, values)

    def _bucharest(self, city: str) -> dict:
        return {
            "country_id": self.admin.ref("base.ro"),
            "state_id": self.admin.ref("base.RO_B"),
            "city": city,
            "zip": "010101",
            "street": "Strada Lungă 3",
            "vat": "RO1234567897",
            "phone": "+40 21 345 6789",
        }

    def _sign_up(self) -> None:
        admin = self.admin
        key = "account_peppol.edi.mode"
        admin.call("ir.config_parameter", "set_param", key, "test")
        names = ("partner_id", "account_sale_tax_id")
        company = admin.fetch("res.company", self.company_id, *names)
        partner_id, tax_id = (company[name][0] for name in names)
        self._lines = ({**LINE, "tax_ids": [(6, 0, [tax_id])]},)
        account = {"acc_number": "RO98RNCB1234567890123456", "partner_id": partner_id}
        admin.make("res.partner.bank", account)
        self._join_peppol()
        values = {
            "l10n_ro_edi_access_token": "token",
            "account_peppol_proxy_state": "sender",
        }
        admin.change("res.company", self.company_id, values)

    def _join_peppol(self) -> None:
        key = {"name": "Peppol", "content": make_private_key()}
        self.admin.make(
            "account_edi_proxy_client.user",
            {
                "id_client": "client-1",
                "company_id": self.company_id,
                "proxy_type": "peppol",
                "edi_mode": "test",
                "edi_identification": "9947:RO1234567897",
                "private_key_id": self.admin.make("certificate.key", key),
                "refresh_token": base64.b64encode(b"secret").decode(),
            },
        )

    def romanian_invoice(self, email: str, **customer: object) -> int:
        """Post an invoice to a Romanian customer, which e-Factura applies to."""
        values = {
            **self._bucharest("SECTOR3"),
            "vat": "RO18547290",
            "invoice_edi_format": "ciusro",
        }
        return self.invoice(email, self._lines, **{**values, **customer})

    def belgian_invoice(self, email: str, **customer: object) -> int:
        """Post an invoice to a customer on the Peppol network."""
        values = {
            "country_id": self.admin.ref("base.be"),
            "city": "Namur",
            "zip": "5000",
            "street": "Rue Haute 1",
            "vat": "BE0477472701",
            "invoice_edi_format": "ubl_bis3",
            **ENDPOINT,
        }
        return self.invoice(email, self._lines, **{**values, **customer})


def connect(internet: Internet) -> None:
    """Let both services answer as on a good day."""
    internet.answer(E_FACTURA, lambda _asked: (200, ACCEPTED))
    answer_e_factura(internet, "in prelucrare")
    internet.answer(PEPPOL_LOOKUP, look_up)
    internet.answer(PEPPOL_SEND, take_documents)


def make_private_key() -> str:
    """Return a fresh RSA key as Odoo keeps it: PEM in base64."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return base64.b64encode(pem).decode()
