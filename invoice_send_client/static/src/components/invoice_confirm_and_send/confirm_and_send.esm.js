import {_t} from "@web/core/l10n/translation";
import {htmlJoin} from "@web/core/utils/html";
import {markup} from "@odoo/owl";
import {registry} from "@web/core/registry";

// Documents that a reason names; the send window shows them all.
const NAMES_SHOWN = 10;

/**
 * @param {{document: String, reason: String}[]} problems
 * @returns {Map<String, String[]>} the documents by their reason
 */
function groupByReason(problems) {
    const groups = new Map();
    for (const {document, reason} of problems) {
        groups.set(reason, [...(groups.get(reason) || []), document]);
    }
    return groups;
}

/**
 * @param {String[]} names
 * @returns {String} the first names, and how many more there are
 */
function joinNames(names) {
    const shown = names.slice(0, NAMES_SHOWN).join(", ");
    const more = names.length - NAMES_SHOWN;
    return more > 0
        ? _t("%(documents)s and %(count)s more", {documents: shown, count: more})
        : shown;
}

/**
 * Tell which documents stay drafts, and why.
 *
 * @param {Object} env
 * @param {{document: String, reason: String}[]} problems
 * @param {Number} total documents that were tried
 */
function tellProblems(env, problems, total) {
    const items = [...groupByReason(problems)].map(
        ([reason, names]) =>
            markup`<li class="mt-1"><b>${joinNames(names)}</b><div class="o_invoice_confirm_reason">${reason}</div></li>`
    );
    env.services.notification.add(
        markup`<ul class="o_invoice_confirm_problems mb-0 ps-3">${htmlJoin(items)}</ul>`,
        {
            title: _t("%(count)s of %(total)s documents could not be confirmed", {
                count: problems.length,
                total,
            }),
            type: "danger",
            sticky: true,
        }
    );
}

/**
 * Confirm what still waits, some at a time, and show how far it got.
 *
 * @param {Object} env
 * @param {Object} first params of the first answer of ``action_confirm_and_send``
 * @param {Object} outcome takes what all answers say together
 */
async function confirmWaiting(env, first, outcome) {
    const {orm, ui} = env.services;
    for (let step = first; ; ) {
        outcome.moveIds.push(...step.move_ids);
        outcome.problems.push(...step.problems);
        outcome.readyCount += step.ready_count;
        if (!step.waiting_ids.length) {
            return;
        }
        const done = outcome.moveIds.length;
        const total = done + step.waiting_ids.length;
        ui.block({message: _t("Confirmed %(done)s of %(total)s", {done, total})});
        try {
            const next = await orm.call("account.move", "action_confirm_and_send", [
                step.waiting_ids,
            ]);
            step = next.params;
        } finally {
            ui.unblock();
        }
    }
}

/**
 * After "Confirm and send": go on until all were tried, then open the send window.
 *
 * @param {Object} env
 * @param {{params: Object}} action see ``action_confirm_and_send``
 * @param {{onClose: Function}} options reload the list, before the window and after
 * @returns {Promise<Object>} the send window, or the end where nothing can be sent
 */
async function confirmAndSendAction(env, action, options) {
    const outcome = {moveIds: [], problems: [], readyCount: 0};
    try {
        await confirmWaiting(env, action.params, outcome);
    } finally {
        if (outcome.problems.length) {
            tellProblems(env, outcome.problems, outcome.moveIds.length);
        }
    }
    if (!outcome.readyCount) {
        return {type: "ir.actions.act_window_close"};
    }
    await options.onClose?.();
    const next = await env.services.orm.call(
        "account.move",
        "action_open_send_window",
        [outcome.moveIds]
    );
    // A plain call adds no views
    return {views: [[false, "form"]], ...next};
}

registry
    .category("actions")
    .add("invoice_send_client.confirm_and_send", confirmAndSendAction);
