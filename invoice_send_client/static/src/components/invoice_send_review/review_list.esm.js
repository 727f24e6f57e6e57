import {FormViewDialog} from "@web/views/view_dialogs/form_view_dialog";
import {ListController} from "@web/views/list/list_controller";
import {ListRenderer} from "@web/views/list/list_renderer";
import {_t} from "@web/core/l10n/translation";
import {getName} from "./review_tick.esm";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";

const WINDOW = "account.move.send.wizard";

/** Rows whose last cell opens letter and files, by mouse and by keyboard. */
export class ReviewListRenderer extends ListRenderer {
    static recordRowTemplate = "invoice_send_client.ReviewRow";

    getOpenLabel(record) {
        return _t("Open %s", getName(record));
    }

    onCellKeydownReadOnlyMode(hotkey, cell, group, record) {
        const isOpener = cell.classList.contains("o_list_record_open_form_view");
        if (hotkey === "enter" && record && isOpener) {
            this.props.onOpenFormView(record, {force: true});
            return true;
        }
        return super.onCellKeydownReadOnlyMode(hotkey, cell, group, record);
    }

    onCellKeydownEditMode(hotkey, cell, group, record) {
        const name = cell.getAttribute("name");
        this.editedColumn = this.columns.find((column) => column.name === name);
        return super.onCellKeydownEditMode(hotkey, cell, group, record);
    }

    /**
     * Enter leads on in the same column, as in a spreadsheet.
     *
     * @override
     */
    async editNextRecord(record) {
        const {list} = this.props;
        const column = this.editedColumn;
        const next = list.records[list.records.indexOf(record) + 1] || list.records[0];
        if (await list.leaveEditMode({validate: true})) {
            await list.enterEditMode(next);
            this.cellToFocus = {column, record: next};
        }
    }
}

/** The rows of the review window: edited in place, opened for letter and files. */
export class ReviewListController extends ListController {
    setup() {
        super.setup();
        this.review = this.env.invoiceSendReview;
        Object.assign(this.review, {
            leaveEdit: () => this.leaveEdit(),
            reload: () => this.model.load(),
            getDomain: () => this.model.root.domain,
        });
    }

    /** Save the row that is being edited, and wait for what is being saved. */
    async leaveEdit() {
        const canLeave = await this.model.root.leaveEditMode();
        await this.model.mutex.getUnlockedDef();
        return canLeave;
    }

    async onRecordSaved(record) {
        await super.onRecordSaved(record);
        await this.review.onChanged();
    }

    /**
     * Show the two panes of the one-document window for a row, above the rows.
     *
     * @param {Object} record
     */
    async openRecord(record) {
        if (!(await this.leaveEdit())) {
            return;
        }
        const {resId, resModel} = record;
        const windowId = await this.orm.call(resModel, "action_open", [[resId]]);
        const {move_name: title, partner_id: customer} = record.data;
        this.dialogService.add(FormViewDialog, {
            resModel: WINDOW,
            resId: windowId,
            title: customer ? `${title} - ${customer.display_name}` : title,
            size: "xl",
            canExpand: false,
            context: {active_model: "account.move"},
            onRecordSaved: async () => {
                await this.orm.call(WINDOW, "action_keep_in_batch", [[windowId]]);
                await record.load();
                await this.review.onChanged();
            },
        });
    }
}

registry.category("views").add("invoice_send_review_list", {
    ...listView,
    Controller: ReviewListController,
    Renderer: ReviewListRenderer,
});
