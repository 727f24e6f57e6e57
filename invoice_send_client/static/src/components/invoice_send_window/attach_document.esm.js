import {CheckBox} from "@web/core/checkbox/checkbox";
import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** "Attach INV_2026_00041.pdf": ticked is the file, unticked the link. */
export class AttachDocument extends Component {
    static template = "invoice_send_client.AttachDocument";
    static components = {CheckBox};
    static props = {...standardFieldProps};

    get data() {
        return this.props.record.data;
    }

    get isAttached() {
        return this.data[this.props.name] === "attachment";
    }

    onChange(isAttached) {
        return this.props.record.update({
            [this.props.name]: isAttached ? "attachment" : "link",
        });
    }
}

registry.category("fields").add("invoice_attach_document", {
    component: AttachDocument,
    supportedTypes: ["selection"],
    fieldDependencies: [
        {name: "document_filename", type: "char"},
        {name: "document_hint", type: "char"},
    ],
});
