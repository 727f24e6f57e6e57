import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** Text changed by hand was kept: asks whether to give it up for the letter chosen. */
export class LetterQuestion extends Component {
    static template = "invoice_send_client.LetterQuestion";
    static props = {...standardFieldProps};

    onReplace() {
        return this.props.record.update({replace_letter: true});
    }
}

registry.category("fields").add("invoice_letter_question", {
    component: LetterQuestion,
    supportedTypes: ["char"],
    fieldDependencies: [{name: "replace_letter", type: "boolean"}],
});
