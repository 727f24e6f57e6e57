import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const LETTERS = "/odoo/action-invoice_send_client.invoice_send_template_action";
const TEMPLATES = "/odoo/action-mail.action_email_template_tree_all";

/** Leads to the configured letter, in a tab of its own: the window stays as it is. */
export class LetterLink extends Component {
    static template = "invoice_send_client.LetterLink";
    static props = {...standardFieldProps};

    get url() {
        const {letter_id: letter, [this.props.name]: template} = this.props.record.data;
        if (letter) {
            return `${LETTERS}/${letter.id}`;
        }
        return template ? `${TEMPLATES}/${template.id}` : LETTERS;
    }
}

registry.category("fields").add("invoice_letter_link", {
    component: LetterLink,
    supportedTypes: ["many2one"],
});
