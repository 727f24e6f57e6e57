import {onMounted, onWillUnmount} from "@odoo/owl";
import {useBus, useService} from "@web/core/utils/hooks";
import {FormController} from "@web/views/form/form_controller";
import {ListController} from "@web/views/list/list_controller";
import {browser} from "@web/core/browser/browser";
import {formView} from "@web/views/form/form_view";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";

const RELOAD_MS = 1000;

/**
 * Show again what the server says of a run, once a second at most.
 *
 * @param {Object} messages the service
 * @param {Function} reload called with the run's id
 */
function useRunReload(messages, reload) {
    let timer = null;
    useBus(messages.bus, "run", ({detail}) => {
        if (timer === null) {
            timer = browser.setTimeout(() => {
                timer = null;
                reload(detail);
            }, RELOAD_MS);
        }
    });
    onWillUnmount(() => browser.clearTimeout(timer));
}

/**
 * Give the focus back to the button that a reload has drawn anew.
 *
 * @param {Function} reload
 */
async function keepFocus(reload) {
    const before = document.activeElement;
    const name = before?.getAttribute("name");
    const row = before?.closest(".o_data_row");
    const text = row?.innerText;
    await reload();
    if (!name || before.isConnected) {
        return;
    }
    for (const button of document.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (button.closest(".o_data_row")?.innerText === text) {
            button.focus();
            return;
        }
    }
}

/** The page of a run follows its progress; who opens it has looked at its failures. */
export class SendRunFormController extends FormController {
    setup() {
        super.setup();
        this.messages = useService("invoice_send_messages");
        useRunReload(this.messages, (runId) => this.follow(runId));
        onMounted(() => {
            this.messages.closeResults();
            return this.markSeen();
        });
    }

    async follow(runId) {
        const {root} = this.model;
        if (runId === root.resId) {
            await keepFocus(() => root.load());
            await this.markSeen();
        }
    }

    async markSeen() {
        const {resId} = this.model.root;
        if (resId && this.messages.state.unseenCount) {
            const left = await this.orm.call(
                "invoice.send.run",
                "mark_my_messages_seen",
                [[], resId]
            );
            this.messages.setUnseen(left);
        }
    }
}

export class SendRunListController extends ListController {
    setup() {
        super.setup();
        useRunReload(useService("invoice_send_messages"), () => this.model.root.load());
    }
}

registry.category("views").add("invoice_send_run_form", {
    ...formView,
    Controller: SendRunFormController,
});
registry.category("views").add("invoice_send_run_list", {
    ...listView,
    Controller: SendRunListController,
});
