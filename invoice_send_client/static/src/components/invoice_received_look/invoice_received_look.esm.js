import {Component, xml} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";

/** Shows nothing: tells the sender once that a received bill was opened. */
export class InvoiceReceivedLook extends Component {
    static template = xml``;
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.seenId = null;
        useRecordObserver((record) => this.note(record.resId, record.data));
    }

    /**
     * @param {Number} resId
     * @param {Object} data
     */
    note(resId, data) {
        if (!resId || resId === this.seenId || !data.invoice_received_datetime) {
            return;
        }
        this.seenId = resId;
        // Not waited for: the bill is read whether it can be told or not
        this.orm.silent.call("account.move", "note_received_look", [[resId]]);
    }
}

registry.category("view_widgets").add("invoice_received_look", {
    component: InvoiceReceivedLook,
});
