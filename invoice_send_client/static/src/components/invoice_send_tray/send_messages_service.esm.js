import {EventBus, reactive} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {session} from "@web/session";

// Without a websocket the server is asked, and only while a run works.
const POLL_MS = 10000;

/**
 * What the user's own runs are doing, told by the server: for the tray, the page of a
 * run and the undo pause.
 */
export const sendMessagesService = {
    dependencies: ["action", "bus_service", "notification", "orm"],

    start(env, {action, bus_service, notification, orm}) {
        const first = session.invoice_send_messages || {runs: []};
        const bus = new EventBus();
        const state = reactive({
            isShown: Boolean(first.is_shown),
            unseenCount: first.unseen_count || 0,
            runs: Object.fromEntries(first.runs.map((run) => [run.id, run])),
        });
        let timer = null;
        const results = new Set();

        const isWorking = () => Object.values(state.runs).some((run) => run.is_working);

        function setUnseen(count) {
            state.unseenCount = count;
            bus.trigger("unseen");
        }

        function takeRun({unseen_count, ...run}) {
            state.isShown = true;
            state.runs[run.id] = run;
            if (unseen_count !== undefined) {
                state.unseenCount = unseen_count;
            }
            bus.trigger("run", run.id);
            watch();
        }

        /**
         * @returns {Promise<Object>} the user's messages, see ``get_my_messages``
         */
        async function load() {
            const messages = await orm.silent.call(
                "invoice.send.run",
                "get_my_messages"
            );
            state.unseenCount = messages.unseen_count;
            for (const run of messages.runs) {
                state.runs[run.id] = run;
            }
            return messages;
        }

        async function poll() {
            timer = null;
            if (bus_service.workerState !== "CONNECTED") {
                const messages = await load();
                for (const run of messages.runs) {
                    bus.trigger("run", run.id);
                }
            }
            watch();
        }

        function watch() {
            if (isWorking() && timer === null) {
                timer = browser.setTimeout(() => poll().catch(() => watch()), POLL_MS);
            }
        }

        function showRun(runId) {
            return action.doAction({
                type: "ir.actions.act_window",
                name: _t("Sent to clients"),
                res_model: "invoice.send.run",
                res_id: runId,
                views: [[false, "form"]],
            });
        }

        function tellResult({run_id, has_failed, title, message}) {
            const close = notification.add(message, {
                title,
                type: has_failed ? "warning" : "success",
                sticky: has_failed,
                buttons: [
                    {
                        name: _t("Open"),
                        onClick: () => {
                            close();
                            showRun(run_id);
                        },
                    },
                ],
                onClose: () => results.delete(close),
            });
            results.add(close);
        }

        /** Take away what the screen that is opened now says better. */
        function closeResults() {
            for (const close of [...results]) {
                close();
            }
        }

        bus_service.subscribe("invoice_send_client.run", takeRun);
        bus_service.subscribe("invoice_send_client.result", tellResult);
        bus_service.subscribe("invoice_send_client.unseen", (told) =>
            setUnseen(told.unseen_count)
        );
        watch();
        return {state, bus, load, showRun, setUnseen, closeResults};
    },
};

registry.category("services").add("invoice_send_messages", sendMessagesService);
