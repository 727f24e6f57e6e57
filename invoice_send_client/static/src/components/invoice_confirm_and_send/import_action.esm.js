import {BaseImportModel} from "@base_import/import_model";
import {ImportAction} from "@base_import/import_action/import_action";
import {_t} from "@web/core/l10n/translation";
import {patch} from "@web/core/utils/patch";

/**
 * Confirm what was imported and open the send window.
 *
 * @param {Object} env
 * @param {Number[]} ids
 */
async function confirmAndSend(env, ids) {
    const {action, orm, ui} = env.services;
    ui.block({message: _t("Confirming...")});
    let next = null;
    try {
        next = await orm.call("account.move", "action_confirm_and_send", [ids]);
    } finally {
        ui.unblock();
    }
    await action.doAction(next, {onClose: () => action.doAction("soft_reload")});
}

/**
 * Offer "Confirm and send" for the drafts that were imported; nothing is confirmed
 * unless it is pressed.
 *
 * @param {Object} env
 * @param {Number[]} ids of all imported records
 */
async function offerToConfirm(env, ids) {
    const {notification, orm} = env.services;
    const offer = await orm.call("account.move", "get_confirm_offer", [ids]);
    if (!offer.draft_count) {
        return;
    }
    const offered = {};
    const onClick = () => {
        offered.close();
        return confirmAndSend(env, ids);
    };
    offered.close = notification.add(
        _t(
            "Imported as drafts: %s. Nothing is confirmed or sent yet.",
            offer.draft_count
        ),
        {
            type: "info",
            sticky: true,
            buttons: [{name: _t("Confirm and send"), primary: true, onClick}],
        }
    );
}

patch(BaseImportModel.prototype, {
    /**
     * Remember what was imported: a file that was stopped and resumed, or repaired
     * after an error in a later batch, is imported by several calls.
     */
    async executeImport(isTest = false, ...args) {
        const result = await super.executeImport(isTest, ...args);
        if (!isTest) {
            this.importedIds = [...(this.importedIds || []), ...result.res.ids];
        }
        return result;
    },
});

patch(ImportAction.prototype, {
    openRecords(resIds) {
        if (this.model.resModel !== "account.move") {
            return super.openRecords(resIds);
        }
        const ids = [...new Set([...(this.model.importedIds || []), ...resIds])];
        super.openRecords(ids);
        return offerToConfirm(this.env, ids);
    },
});
