"""The words of a delivery's life, and which may follow which: read here first."""

#: State of a delivery, in the order in which a client comes nearer to the document.
#: The same words name the events (``invoice.delivery.event.event_type``).
DELIVERY_STATES = [
    ("outgoing", "Waiting"),  # written at Send, the mail server was not yet asked
    ("sent", "Sent"),  # the mail server took the mail of this recipient
    ("open", "Probably opened"),  # picture or page was fetched, perhaps by a machine
    ("view", "Viewed"),  # a person on the client's side looked
    ("download", "Downloaded"),  # a person took the PDF
    ("accept", "Accepted"),  # the client pressed Accept
    ("return", "Returned"),  # the client pressed Return and wrote a reason
    ("error", "Not sent"),  # see failure_type; "unknown" may have arrived
    ("bounce", "Bounced"),  # taken by our server, sent back by the client's
    ("cancel", "Cancelled"),  # the document was reset or the sending withdrawn
]

#: target state -> states it may be reached from. Anything else is refused silently:
#: evidence arrives late, twice and out of order, and must never undo better evidence.
#: ``error`` leads to the client's acts, since an unknown mail may have arrived;
#: ``cancel`` back to waiting where the sending that took its place is undone.
DELIVERY_TRANSITIONS = {
    "outgoing": {"error", "bounce", "cancel"},
    "sent": {"outgoing"},
    "open": {"sent", "error"},
    "view": {"sent", "open", "error", "bounce"},
    "download": {"sent", "open", "view", "error", "bounce"},
    "accept": {"sent", "open", "view", "download", "return", "error", "bounce"},
    "return": {"sent", "open", "view", "download", "accept", "error", "bounce"},
    "error": {"outgoing"},
    "bounce": {"sent", "open", "error"},
    "cancel": {"outgoing"},
}

#: Rank of the states that count as progress (requirements D4).
DELIVERY_PROGRESS = {
    state: rank
    for rank, state in enumerate(
        ("outgoing", "sent", "open", "view", "download", "accept")
    )
}

#: States in which nothing got through to the recipient.
DELIVERY_PROBLEMS = ("error", "bounce")

#: States in which a recipient has no mail, as far as that is known.
NOT_REACHED = ("outgoing", "cancel", *DELIVERY_PROBLEMS)

#: States of what was sent without a person being known to have looked at it.
UNVIEWED_STATES = ("sent", "open")

#: What the summary on the invoice can say: a delivery's states less ``bounce`` and
#: ``cancel``, which D4 turns into ``error`` and nothing.
MOVE_STATES = [
    state for state in DELIVERY_STATES if state[0] not in ("bounce", "cancel")
]

#: Why a delivery is in ``error``.
FAILURE_TYPES = [
    ("address", "Wrong address"),
    ("refused", "Refused by the mail server"),
    ("deferred", "Put off by the mail server too often"),
    ("server", "Mail server not reached"),
    ("render", "The letter could not be written"),
    ("pdf", "The PDF could not be made"),
    ("edi", "The electronic invoice failed"),
    ("size", "Too big"),
    ("network", "Not taken by the client's side"),
    ("unknown", "May have arrived"),
]

ROLES = [("to", "To"), ("cc", "CC"), ("bcc", "BCC")]

#: What a letter is written for, see ``invoice.send.template``.
DOCUMENT_TYPES = [
    ("invoice", "Invoice"),
    ("credit_note", "Credit note"),
    ("receipt", "Receipt"),
    ("several", "Several documents"),  # one mail with documents of one customer
    ("unread", "Reminder: not viewed"),
    ("unpaid", "Reminder: not paid"),
]

#: ``account.move.move_type`` -> document type; what is not here has no letter of ours.
MOVE_DOCUMENT_TYPES = {
    "out_invoice": "invoice",
    "out_refund": "credit_note",
    "out_receipt": "receipt",
}

#: Reminder -> types of the documents that clients are reminded of by themselves (B30).
REMINDER_MOVE_TYPES = {
    "unread": ("out_invoice", "out_refund", "out_receipt"),
    "unpaid": ("out_invoice", "out_receipt"),
}

#: What a sending reminds of; the words are those of the letters.
REMINDER_TYPES = [pair for pair in DOCUMENT_TYPES if pair[0] in REMINDER_MOVE_TYPES]

#: Documents whose reminders are written in one transaction: enough for the look-ups to
#: cost little for each, few enough for their rows not to be held for long.
REMIND_TOGETHER = 100

#: ``account.move.move_type`` of what a company sends -> of what the other one gets.
RECEIVED_MOVE_TYPES = {
    "out_invoice": "in_invoice",
    "out_refund": "in_refund",
    "out_receipt": "in_receipt",
}

#: What became of the sender's document after a company of this database got it.
RECEIVED_NOTICES = [
    ("changed", "Changed"),
    ("withdrawn", "Withdrawn"),
    ("cancelled", "Cancelled"),
]

#: Apps that exchange documents between companies by themselves; where one of them is
#: installed, a company gets nothing from here a second time. Module -> its name.
INTER_COMPANY_APPS = {
    "account_invoice_inter_company": "Inter Company Invoices",
    "account_inter_company_rules": "Inter Company Invoices Rules",
}

#: Languages in which letters, the frame of the mail and the client's page are shipped.
CLIENT_LANGUAGES = ("en", "bg", "de", "el", "es", "fr", "hu", "it", "nl", "pl", "pt")
CLIENT_LANGUAGES += ("ro", "tr", "uk")

DOCUMENT_MODES = [("link", "Link"), ("attachment", "Attachment")]

#: What the company can choose as its default (requirements D2), shown as it stands.
COMPANY_DOCUMENT_MODES = [
    (
        "link",
        "Link: the client opens the invoice on a page, and you see that it was viewed",
    ),
    ("attachment", "Attachment: the PDF is in the mail, with the link below it"),
    (
        "automatic",
        "Automatic: attachment where a mail server is chosen below, otherwise link",
    ),
]

#: How several recipients of one document are written to (requirements B10).
COPY_MODES = [
    (
        "personal",
        "Personal copies: one mail and one link each, so that each recipient's reading "
        "can be followed",
    ),
    (
        "shared",
        'One message to all: one common link, followed as "viewed by one of ..."',
    ),
]

#: What the client can say to a document; the words are states and events too.
ANSWERS = ("accept", "return")

#: Events that no state carries; the last four are what users do on the panel.
EVENT_TYPES = [
    *DELIVERY_STATES,
    ("renew", "New link asked for"),
    ("linkmail", "New link mailed"),
    ("opt_out", "Asked not to be followed"),
    ("erase", "Tracking data erased"),
    ("retry", "Sent again"),
    ("correct", "Address corrected"),
    ("revoke", "Link revoked"),
    ("relink", "New link made"),
]

#: Events after which a mail leaves anew, see ``invoice.delivery._drop_former``.
ANEW = ("retry", "correct")

#: What a visitor asked for (``tools.visitor.observe``'s target) -> event type.
TARGET_EVENTS = {
    "pixel": "open",
    "page": "open",
    "beacon": "view",
    "form": "view",
    "pdf": "download",
}

#: Requests of one kind that are kept of one delivery in 24 hours: nobody looks more
#: often, and what a flood writes has an end. Answers have the same one.
HITS_KEPT = 200

#: Times in 24 hours that a new link is mailed to the address on file: whoever has the
#: old one can ask, and nobody's mailbox is to be filled.
RENEWALS_A_DAY = 3

#: System parameter with the base address that was confirmed from outside (D2).
PUBLIC_URL_PARAMETER = "invoice_send_client.public_url"

#: Scopes of the self-check's question and answer, see ``res.company``.
SELF_CHECK_QUESTION = "invoice_send_client-selfcheck-question"
SELF_CHECK_ANSWER = "invoice_send_client-selfcheck-answer"

#: Minutes after which the e-invoice's answer is looked for again; the last one holds
#: until it is there. Chosen: soon at first, since answers come within minutes as a
#: rule, then twelve questions a day, each of which leaves a note on the document.
EDI_LOOK_MINUTES = (2, 5, 10, 15, 30, 60, 120)

#: Days that a mail waits for the e-invoice's answer before a person has to look.
#: Chosen: long enough for a weekend on which the tax office's service is out of order.
EDI_ANSWER_DAYS = 5

#: Seconds after which whoever answers for e-invoices counts as out of order, and the
#: company's other documents are not asked about in the same pass (a request takes 60).
EDI_SLOW_SECONDS = 10

#: Scope of the signature in a client's link, see ``tools.links``.
LINK_SCOPE = "invoice_send_client-link"

#: Scope of the signature in a mail's own header, see ``invoice_delivery_bounce``.
BOUNCE_SCOPE = "invoice_send_client-bounce"

#: Advisory lock class of "this line is being sent": the first key of PostgreSQL's
#: two-key advisory locks, the line's id is the second.
LINE_LOCK_CLASS = 0x15C0

#: Seconds after Send at which the cron looks after a run that was started in the
#: user's own request; earlier it would only find it locked.
RESCUE_SECONDS = 60

#: Seconds after which a pass of the cron begins no further document and calls itself
#: again: Odoo ends a cron worker after ``limit_time_real`` (120 s by default), and a
#: mail that leaves in that moment would be "may have arrived".
PASS_SECONDS = 45

#: Recipients that a press of Send waits for; a letter to more of them goes by the cron
#: (a quarter of a second each was measured; Odoo ends a request after two minutes).
AT_ONCE_RECIPIENTS = 20

#: Drafts that one request of "Confirm and send" confirms: a quarter of a second each
#: was measured, and the user sees how far it got.
CONFIRM_AT_ONCE = 20

#: Minutes between the attempts at one recipient, or at one document that can't be
#: prepared, as long as the company says nothing else (requirements B6, issue "A sending
#: that can be trusted").
RETRY_MINUTES = (1, 5, 15, 60)

#: Times that a worker may die while it makes a document's PDF before it is left alone.
PDF_TRIES = 3

#: Mails that leave through one SMTP session: mail servers end it after a number of
#: their own, and the mail that comes next would be put off for it.
MAILS_PER_SESSION = 50

#: PostgreSQL's ``lock_timeout`` while a document is prepared or an attempt begun: what
#: somebody else holds for longer is put off, and holds up no other document (B3).
LOCK_TIMEOUT = "5s"

#: Documents whose letters are written, and whose PDFs are made, in one go: their rows
#: are read and written together. More of them save little and let the first mail wait.
TOGETHER = 40

#: Recipients that a pass looks for at a time, so that it needs no more memory for
#: thousands than for hundreds.
DUE_LIMIT = 200

#: Seconds between two words to the user on how far a run came.
TELL_SECONDS = 1

#: Runs in the tray, besides older ones with failures that nobody looked at.
RUNS_SHOWN = 5

#: Failures of one run in the tray; the run's own page shows all.
FAILURES_SHOWN = 5
