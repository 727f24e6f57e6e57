import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** What a letter may fill in: in plain words, as it is written, and for example. */
export class LetterVariables extends Component {
    static template = "invoice_send_client.LetterVariables";
    static props = {...standardFieldProps};

    get variables() {
        return this.props.record.data[this.props.name] || [];
    }
}

registry.category("fields").add("invoice_letter_variables", {
    component: LetterVariables,
    supportedTypes: ["json"],
});
