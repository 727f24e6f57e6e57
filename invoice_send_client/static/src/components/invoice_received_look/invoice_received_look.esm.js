import {Component, xml} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";

// A form may be built twice in a moment: one look is told once
const AGAIN_MS = 60000;
const told = new Map();

/** Shows nothing: tells the sender once that a received bill was opened. */
export class InvoiceReceivedLook extends Component {
    static template = xml``;
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        useRecordObserver((record) => this.note(record.resId, record.data));
    }

    /**
     * @param {Number} resId
     * @param {Object} data
     */
    note(resId, data) {
        const isTold = Date.now() - (told.get(resId) || 0) < AGAIN_MS;
        if (!resId || isTold || !data.invoice_received_datetime) {
            return;
        }
        told.set(resId, Date.now());
        // Not waited for: the bill is read whether it can be told or not; then the
        // next look tells it
        this.orm.silent
            .call("account.move", "note_received_look", [[resId]])
            .catch(() => told.delete(resId));
    }
}

registry.category("view_widgets").add("invoice_received_look", {
    component: InvoiceReceivedLook,
});
