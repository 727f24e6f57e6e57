import {_t} from "@web/core/l10n/translation";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";

// Another worker may have the document: its mail server can take up to a minute.
const WAIT_MS = 1000;

/**
 * After Send: the mail leaves once everything is written down, so the window asks
 * what became of it by a second call, and again while it is on its way.
 *
 * @param {Object} env
 * @param {{params: {wizard_id: Number, run_id: Number}}} action
 * @returns {Promise<Object>} the window's next action
 */
async function sendingAction(env, action) {
    const {wizard_id, run_id} = action.params;
    env.services.ui.block({message: _t("Sending...")});
    try {
        for (;;) {
            const next = await env.services.orm.call(
                "account.move.send.wizard",
                "action_read_result",
                [[wizard_id], run_id]
            );
            if (next.tag !== "invoice_send_client.sending") {
                return next;
            }
            await new Promise((resolve) => browser.setTimeout(resolve, WAIT_MS));
        }
    } finally {
        env.services.ui.unblock();
    }
}

registry.category("actions").add("invoice_send_client.sending", sendingAction);
