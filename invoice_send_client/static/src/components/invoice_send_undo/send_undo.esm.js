import {Component, onMounted, onWillUnmount, reactive, useState} from "@odoo/owl";
import {getActiveIds, switchOn} from "../invoice_companies/companies.esm";
import {RPCError} from "@web/core/network/rpc";
import {_t} from "@web/core/l10n/translation";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {session} from "@web/session";
import {useService} from "@web/core/utils/hooks";
import {user} from "@web/core/user";

const TICK_MS = 250;
// A worker that has not said a word by then is not waited for: the tray tells.
const PATIENCE_MS = 60000;
const STORAGE_KEY = "invoice_send_client.undo";

/**
 * One press of Send: counts its undo pause down, then shows how far it came.
 *
 * The time that counts is the server's: without this page the scheduled action does
 * the same, only up to a minute later.
 */
class InvoiceSendUndo extends Component {
    static template = "invoice_send_client.InvoiceSendUndo";
    static props = {pause: Object, onBegin: Function, onClose: Function};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.messages = useService("invoice_send_messages");
        this.told = useState(this.messages.state);
        this.state = useState({
            seconds: this.secondsLeft,
            isStarted: false,
            isBusy: false,
        });
        onMounted(() => {
            this.tick();
            this.timer = browser.setInterval(() => this.tick(), TICK_MS);
        });
        onWillUnmount(() => browser.clearInterval(this.timer));
    }

    get secondsLeft() {
        return Math.max(Math.ceil((this.props.pause.deadline - Date.now()) / 1000), 0);
    }

    get runs() {
        return this.props.pause.runIds.map((id) => this.told.runs[id]).filter(Boolean);
    }

    get progress() {
        const sum = (name) => this.runs.reduce((total, run) => total + run[name], 0);
        const total = sum("document_count") || this.props.pause.count;
        const done = this.runs.length ? total - sum("waiting_count") : 0;
        return {total, done, percent: total ? (100 * done) / total : 0};
    }

    get words() {
        if (this.state.isStarted) {
            return _t("Sending: %(done)s of %(total)s documents done", this.progress);
        }
        return _t("%(count)s documents leave in %(seconds)s s", {
            count: this.props.pause.count,
            seconds: this.state.seconds,
        });
    }

    // Read out once: a countdown that speaks each second says nothing
    get spoken() {
        return _t("%s documents leave soon. Undo and Send now are offered.", [
            this.props.pause.count,
        ]);
    }

    tick() {
        if (this.state.isStarted) {
            const isDone =
                this.runs.length === this.props.pause.runIds.length &&
                this.runs.every((run) => run.state === "done");
            if (isDone || Date.now() > this.props.pause.deadline + PATIENCE_MS) {
                this.props.onClose();
            }
            return;
        }
        this.state.seconds = this.secondsLeft;
        if (!this.state.seconds && !this.state.isBusy) {
            this.begin("action_start");
        }
    }

    /**
     * Ask the server about these runs with the companies in which Send was pressed,
     * whichever are switched on now.
     *
     * @param {String} method
     */
    call(method) {
        const {companyIds, runIds} = this.props.pause;
        return this.orm.call("invoice.send.run", method, [runIds], {
            context: {allowed_company_ids: companyIds},
        });
    }

    async begin(method) {
        this.state.isBusy = true;
        this.state.isStarted = true;
        this.props.onBegin();
        try {
            await this.call(method);
        } catch (error) {
            this.props.onClose();
            if (method === "action_start" && error instanceof RPCError) {
                // Nobody pressed a button, and the scheduled action starts them too
                return;
            }
            throw error;
        }
        // What the server tells is lost where there is no websocket
        this.messages.poll(this.props.pause.runIds);
    }

    async undo() {
        this.state.isBusy = true;
        let next = null;
        try {
            next = await this.call("action_undo");
        } finally {
            this.props.onClose();
        }
        switchOn(this.props.pause.companyIds);
        // A plain call adds no views
        await this.action.doAction(
            {views: [[false, "form"]], ...next},
            {
                onClose: () =>
                    this.action.doAction({
                        type: "ir.actions.client",
                        tag: "soft_reload",
                    }),
            }
        );
    }
}

class InvoiceSendUndoContainer extends Component {
    static template = "invoice_send_client.InvoiceSendUndoContainer";
    static components = {InvoiceSendUndo};
    static props = {service: Object};

    setup() {
        this.pauses = useState(this.props.service.pauses);
    }

    begin(pause) {
        this.props.service.end(pause);
    }

    close(pause) {
        this.props.service.remove(pause.key);
    }
}

/** The undo pauses of this tab; they live on when its page is loaded again. */
export const sendUndoService = {
    start() {
        const pauses = reactive([]);
        // Who signs in next in this tab has pauses of his own
        const storageKey = [STORAGE_KEY, session.db, user.userId].join(".");

        function keep() {
            browser.sessionStorage.setItem(storageKey, JSON.stringify(pauses));
        }

        function remove(key) {
            const index = pauses.findIndex((pause) => pause.key === key);
            if (index >= 0) {
                pauses.splice(index, 1);
                keep();
            }
        }

        /** It is over: a page that is loaded again offers no Undo. */
        function end(pause) {
            pause.deadline = Math.min(pause.deadline, Date.now());
            keep();
        }

        function add(pause) {
            remove(pause.key);
            pauses.push(pause);
            keep();
        }

        JSON.parse(browser.sessionStorage.getItem(storageKey) || "[]").forEach(add);
        const service = {pauses, add, end, remove};
        registry.category("main_components").add("invoice_send_client.undo", {
            Component: InvoiceSendUndoContainer,
            props: {service},
        });
        return service;
    },
};

registry.category("services").add("invoice_send_undo", sendUndoService);

/**
 * After Send: close the window and count the undo pause down.
 *
 * @param {Object} env
 * @param {{params: Object}} action see ``_offer_undo`` of the review window
 * @returns {Object} what closes the window
 */
function undoAction(env, action) {
    const {run_ids, seconds, count, message, next} = action.params;
    env.services.invoice_send_undo.add({
        key: run_ids.join(),
        runIds: run_ids,
        companyIds: getActiveIds(),
        count,
        message,
        deadline: Date.now() + seconds * 1000,
    });
    return next;
}

registry.category("actions").add("invoice_send_client.undo", undoAction);
