import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** What the last press of Send could not deliver, one sentence a recipient. */
export class InvoiceSendProblems extends Component {
    static template = "invoice_send_client.InvoiceSendProblems";
    static props = {...standardFieldProps};

    get problems() {
        return this.props.record.data[this.props.name] || [];
    }
}

registry.category("fields").add("invoice_send_problems", {
    component: InvoiceSendProblems,
    supportedTypes: ["json"],
});
