import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

/** The letter as the client got it, in a frame that runs and loads nothing. */
export class InvoiceMailLetter extends Component {
    static template = "invoice_send_client.InvoiceMailLetter";
    static props = {...standardWidgetProps};

    get url() {
        return `/invoice/mail/${this.props.record.resId}/letter`;
    }
}

registry.category("view_widgets").add("invoice_mail_letter", {
    component: InvoiceMailLetter,
});
