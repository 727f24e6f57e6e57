import {ConnectionLostError, RPCError} from "@web/core/network/rpc";
import {EventBus, reactive} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {session} from "@web/session";

// The server is asked as well, and only while a run works: what it tells before a page
// has its websocket, or while there is none, is lost.
const POLL_MS = 10000;

/**
 * What the user's own runs are doing, told by the server: for the tray, the page of a
 * run and the undo pause.
 */
class SendMessages {
    constructor(services) {
        this.services = services;
        this.bus = new EventBus();
        this.results = new Set();
        this.timer = null;
        const first = session.invoice_send_messages || {runs: []};
        this.state = reactive({
            isShown: Boolean(first.is_shown),
            unseenCount: first.unseen_count || 0,
            runs: Object.fromEntries(first.runs.map((run) => [run.id, run])),
        });
    }

    start() {
        const {bus_service} = this.services;
        bus_service.subscribe("invoice_send_client.run", (run) => this.takeRun(run));
        bus_service.subscribe("invoice_send_client.result", (result) =>
            this.tellResult(result)
        );
        bus_service.subscribe("invoice_send_client.unseen", (told) =>
            this.setUnseen(told.unseen_count)
        );
        this.watch();
    }

    get workingIds() {
        const runs = Object.values(this.state.runs);
        return runs.filter((run) => run.is_working).map((run) => run.id);
    }

    setUnseen(count) {
        this.state.unseenCount = count;
    }

    /**
     * @param {Number[]} ids of recipients not reached that the user looked at
     * @param {Number[]} lineIds of documents that failed and have no recipient
     */
    async markSeen(ids, lineIds) {
        const left = await this.services.orm.call(
            "invoice.send.run",
            "mark_my_messages_seen",
            [ids],
            {line_ids: lineIds}
        );
        this.setUnseen(left);
    }

    takeRun({unseen_count, ...run}) {
        this.state.isShown = true;
        this.state.runs[run.id] = run;
        this.setUnseen(unseen_count);
        this.bus.trigger("run", run.id);
        this.watch();
    }

    /**
     * @param {Number[]} ids of runs that are asked for besides the newest
     * @returns {Promise<Object>} the user's messages, see ``get_my_messages``
     */
    async load(ids = []) {
        // The last word of a run may be lost, however old it is
        const asked = [...new Set([...this.workingIds, ...ids])];
        const messages = await this.services.orm.silent.call(
            "invoice.send.run",
            "get_my_messages",
            [],
            {run_ids: asked}
        );
        this.setUnseen(messages.unseen_count);
        for (const id of asked) {
            // There no more, where it is not told of
            delete this.state.runs[id];
        }
        for (const run of messages.runs) {
            this.state.runs[run.id] = run;
        }
        this.watch();
        return messages;
    }

    /**
     * Ask again in a while, as long as a run works.
     *
     * @param {Number[]} ids of runs that nothing is known of yet
     */
    watch(ids = []) {
        if ((ids.length || this.workingIds.length) && this.timer === null) {
            this.timer = browser.setTimeout(() => this.poll(ids), POLL_MS);
        }
    }

    /**
     * Ask how the runs are, now and as long as one works.
     *
     * @param {Number[]} ids of runs that are asked for besides the newest
     */
    async poll(ids = []) {
        browser.clearTimeout(this.timer);
        this.timer = null;
        try {
            const messages = await this.load(ids);
            messages.runs.forEach((run) => this.bus.trigger("run", run.id));
        } catch (error) {
            // Nobody pressed a button, so nobody is told. What the server refuses, it
            // would refuse again: who is signed out learns that at his next press.
            if (error instanceof ConnectionLostError) {
                this.watch(ids);
            } else if (!(error instanceof RPCError)) {
                throw error;
            }
        }
    }

    showRun(runId) {
        return this.services.action.doAction({
            type: "ir.actions.act_window",
            name: _t("Sent to clients"),
            res_model: "invoice.send.run",
            res_id: runId,
            views: [[false, "form"]],
        });
    }

    tellResult({run_id, has_failed, title, message}) {
        const close = this.services.notification.add(message, {
            title,
            type: has_failed ? "warning" : "success",
            sticky: has_failed,
            buttons: [{name: _t("Open"), onClick: () => this.showRun(run_id)}],
            onClose: () => this.results.delete(close),
        });
        this.results.add(close);
    }

    /** Take away what the screen that is opened now says better. */
    closeResults() {
        for (const close of [...this.results]) {
            close();
        }
    }
}

export const sendMessagesService = {
    dependencies: ["action", "bus_service", "notification", "orm"],

    start(env, services) {
        const messages = new SendMessages(services);
        messages.start();
        return messages;
    },
};

registry.category("services").add("invoice_send_messages", sendMessagesService);
