import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const LETTERS = "/odoo/action-mail.action_email_template_tree_all";

/** Leads to the configured letter, in a tab of its own: the window stays as it is. */
export class LetterLink extends Component {
    static template = "invoice_send_client.LetterLink";
    static props = {...standardFieldProps};

    get url() {
        const letter = this.props.record.data[this.props.name];
        return letter ? `${LETTERS}/${letter.id}` : LETTERS;
    }
}

registry.category("fields").add("invoice_letter_link", {
    component: LetterLink,
    supportedTypes: ["many2one"],
});
