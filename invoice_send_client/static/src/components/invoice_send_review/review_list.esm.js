import {FormViewDialog} from "@web/views/view_dialogs/form_view_dialog";
import {ListController} from "@web/views/list/list_controller";
import {ListRenderer} from "@web/views/list/list_renderer";
import {Mutex} from "@web/core/utils/concurrency";
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
        this.changes = new Mutex();
        this.failedChanges = 0;
        this.isOpened = false;
        Object.assign(this.review, {
            finishEdit: () => this.finishEdit(),
            change: (work) => this.change(work),
            getDomain: () => this.model.root.domain,
        });
    }

    /** Save the row that is being edited, and wait for what is being saved. */
    async leaveEdit() {
        const canLeave = await this.model.root.leaveEditMode();
        await this.model.mutex.getUnlockedDef();
        return canLeave;
    }

    /**
     * Before a button of the window: wait for what is being changed as well.
     *
     * @returns {Promise<Boolean>} whether the rows stand as the user wanted them
     */
    async finishEdit() {
        const {failedChanges} = this;
        await this.changes.getUnlockedDef();
        return failedChanges === this.failedChanges && this.leaveEdit();
    }

    /**
     * Change many rows on the server and show them again; nobody edits one meanwhile.
     *
     * @param {Function} work asks the server
     */
    change(work) {
        const {el} = this.rootRef;
        return this.changes.exec(async () => {
            el.inert = true;
            try {
                if (await this.leaveEdit()) {
                    await work();
                    await this.model.root.load();
                }
            } catch (error) {
                this.failedChanges++;
                throw error;
            } finally {
                el.inert = false;
            }
        });
    }

    async onRecordSaved(record) {
        await super.onRecordSaved(record);
        await this.review.onChanged();
    }

    /**
     * Open a row, once: its window comes some time after the press.
     *
     * @param {Object} record
     */
    async openRecord(record) {
        if (this.isOpened) {
            return;
        }
        this.isOpened = true;
        try {
            this.isOpened = await this.showWindow(record);
        } catch (error) {
            this.isOpened = false;
            throw error;
        }
    }

    /**
     * Show the two panes of the one-document window for a row, above the rows.
     *
     * @param {Object} record
     * @returns {Promise<Boolean>} whether it is shown
     */
    async showWindow(record) {
        if (!(await this.leaveEdit())) {
            return false;
        }
        const {resId, resModel} = record;
        const windowId = await this.orm.call(resModel, "action_open", [[resId]]);
        const {move_name: title, partner_id: customer} = record.data;
        const props = {
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
        };
        const onClose = () => {
            this.isOpened = false;
        };
        this.dialogService.add(FormViewDialog, props, {onClose});
        return true;
    }
}

registry.category("views").add("invoice_send_review_list", {
    ...listView,
    Controller: ReviewListController,
    Renderer: ReviewListRenderer,
});
