import {BooleanField, booleanField} from "@web/views/fields/boolean/boolean_field";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";

/**
 * Name a row for a screen reader.
 *
 * @param {Object} record
 * @returns {String} the document's number; a draft has none: its customer
 */
export function getName(record) {
    const {move_name: number, partner_id: customer} = record.data;
    return number && number !== "/" ? number : customer?.display_name || "";
}

/** The tick of a row: works at one click or press of the space bar, and is saved. */
export class ReviewTick extends BooleanField {
    static template = "invoice_send_client.ReviewTick";

    get isBlocked() {
        return this.props.record.data.blocked;
    }

    get label() {
        return _t("Send %s", getName(this.props.record));
    }

    async onChange(isTicked) {
        this.state.value = isTicked;
        await this.props.record.update({[this.props.name]: isTicked}, {save: true});
    }
}

registry.category("fields").add("invoice_send_review_tick", {
    ...booleanField,
    component: ReviewTick,
    fieldDependencies: [
        {name: "blocked", type: "boolean"},
        {name: "move_name", type: "char"},
        {name: "partner_id", type: "many2one", relation: "res.partner"},
    ],
});
