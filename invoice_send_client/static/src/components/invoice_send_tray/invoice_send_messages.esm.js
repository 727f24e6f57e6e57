import {Component, onMounted, onWillStart, onWillUnmount, useState} from "@odoo/owl";
import {getContextOfAll, switchOn} from "../invoice_companies/companies.esm";
import {useBus, useService} from "@web/core/utils/hooks";
import {ConfirmationDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {_t} from "@web/core/l10n/translation";
import {browser} from "@web/core/browser/browser";

const RELOAD_MS = 1000;

/** The user's own runs: what works, what did not go, and what to do about it. */
export class InvoiceSendMessages extends Component {
    static template = "invoice_send_client.InvoiceSendMessages";
    static props = {close: Function};

    setup() {
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.messages = useService("invoice_send_messages");
        this.state = useState({runs: [], isBusy: false});
        this.unseenIds = [];
        this.unseenLineIds = [];
        this.timer = null;
        useBus(this.messages.bus, "run", () => this.reloadSoon());
        onWillStart(() => this.load());
        onMounted(() => this.messages.closeResults());
        onWillUnmount(() => {
            browser.clearTimeout(this.timer);
            if (this.unseenIds.length || this.unseenLineIds.length) {
                this.messages.markSeen(this.unseenIds, this.unseenLineIds);
            }
        });
    }

    getPercent(run) {
        return (100 * (run.document_count - run.waiting_count)) / run.document_count;
    }

    async load() {
        const messages = await this.messages.load();
        this.state.runs = messages.runs;
        this.unseenIds = messages.unseen_ids;
        this.unseenLineIds = messages.unseen_line_ids;
    }

    /** It follows what happens, once a second at most. */
    reloadSoon() {
        if (this.timer) {
            return;
        }
        this.timer = browser.setTimeout(async () => {
            this.timer = null;
            await this.load();
        }, RELOAD_MS);
    }

    show(run) {
        this.props.close();
        return this.messages.showRun(run.id);
    }

    showAll() {
        this.props.close();
        return this.action.doAction("invoice_send_client.invoice_send_run_my_action", {
            clearBreadcrumbs: true,
        });
    }

    ask(title, body, confirmLabel, confirm) {
        const cancel = () => true;
        this.dialog.add(ConfirmationDialog, {
            title,
            body,
            confirmLabel,
            confirm,
            cancel,
        });
    }

    retry(run) {
        this.ask(
            _t("Retry the failed"),
            _t(
                "What failed is sent again as it was written. A mail that may have arrived may arrive twice."
            ),
            _t("Send again"),
            () => this.call("invoice.send.run", run.id, "action_retry_failed")
        );
    }

    cancelWaiting(run) {
        this.ask(
            _t("Cancel what waits"),
            _t("What has not left yet will not be sent."),
            _t("Cancel what waits"),
            () => this.call("invoice.send.run", run.id, "action_cancel_waiting")
        );
    }

    sendNow(run) {
        return this.call("invoice.send.run", run.id, "action_send_now");
    }

    correctAddress(run, failure) {
        this.props.close();
        switchOn([run.company_id]);
        return this.call(failure.model, failure.id, "action_correct_address");
    }

    /**
     * Send again; a mail that may have arrived is not repeated without a question.
     *
     * @param {Object} failure
     */
    resend(failure) {
        const send = () => this.call(failure.model, failure.id, "action_resend");
        if (!failure.is_unknown) {
            return send();
        }
        this.ask(
            _t("It may have arrived"),
            _t(
                "Nobody knows whether the mail to %s left. Sent again, it may arrive twice.",
                failure.email
            ),
            _t("Send again"),
            send
        );
    }

    /**
     * Call a button's method, then show what became of it.
     *
     * @param {String} resModel
     * @param {Number} resId
     * @param {String} name the method
     */
    async call(resModel, resId, name) {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        try {
            await this.action.doActionButton({
                type: "object",
                name,
                resModel,
                resId,
                context: getContextOfAll(),
                onClose: () => this.load(),
            });
        } finally {
            this.state.isBusy = false;
        }
    }
}
