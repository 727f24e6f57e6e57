import {BooleanField, booleanField} from "@web/views/fields/boolean/boolean_field";
import {registry} from "@web/core/registry";

/** The tick of a row: works at one click or press of the space bar, and is saved. */
export class ReviewTick extends BooleanField {
    static template = "invoice_send_client.ReviewTick";

    get isBlocked() {
        return this.props.record.data.blocked;
    }

    async onChange(isTicked) {
        this.state.value = isTicked;
        await this.props.record.update({[this.props.name]: isTicked}, {save: true});
    }
}

registry.category("fields").add("invoice_send_review_tick", {
    ...booleanField,
    component: ReviewTick,
    fieldDependencies: [{name: "blocked", type: "boolean"}],
});
