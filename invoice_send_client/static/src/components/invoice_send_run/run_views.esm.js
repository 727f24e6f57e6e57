import {onWillUnmount, useEffect} from "@odoo/owl";
import {useBus, useService} from "@web/core/utils/hooks";
import {FormController} from "@web/views/form/form_controller";
import {ListController} from "@web/views/list/list_controller";
import {browser} from "@web/core/browser/browser";
import {formView} from "@web/views/form/form_view";
import {listView} from "@web/views/list/list_view";
import {registry} from "@web/core/registry";

const RELOAD_MS = 1000;

/**
 * Show again what the server says of runs, once a second at most.
 *
 * @param {Object} messages the service
 * @param {Function} reload called with the ids of the runs, a Set
 */
function useRunReload(messages, reload) {
    let runIds = new Set();
    let timer = null;

    function reloadSoon() {
        if (timer !== null || !runIds.size) {
            return;
        }
        timer = browser.setTimeout(async () => {
            const told = runIds;
            runIds = new Set();
            try {
                await reload(told);
            } finally {
                timer = null;
                reloadSoon();
            }
        }, RELOAD_MS);
    }

    useBus(messages.bus, "run", ({detail}) => {
        runIds.add(detail);
        reloadSoon();
    });
    onWillUnmount(() => {
        runIds.clear();
        browser.clearTimeout(timer);
    });
}

/**
 * Sort a list as its headers would, by the same presses.
 *
 * @param {Object} list
 * @param {Object[]} orderBy
 */
async function sortAs(list, orderBy) {
    for (const {name, asc} of [...orderBy].reverse()) {
        if (list.orderBy[0]?.name !== name) {
            await list.sortBy(name);
        }
        if (list.orderBy[0].asc !== asc) {
            await list.sortBy(name);
        }
    }
}

/**
 * Show of a list what an earlier one showed: its page, in its order.
 *
 * @param {Object} list
 * @param {Object} before
 */
async function turnTo(list, before) {
    await sortAs(list, before.orderBy);
    const {limit} = before;
    // What waits becomes less: the page may be gone
    const last = Math.max(Math.ceil(list.count / limit) - 1, 0) * limit;
    await list.load({offset: Math.min(before.offset, last), limit});
}

/**
 * Read a record again and leave its lists at their page and in their order.
 *
 * @param {Object} root
 */
async function reloadInPlace(root) {
    const lists = Object.entries(root.activeFields)
        .filter(([name, field]) => root.fields[name].type === "one2many" && field.limit)
        .map(([name, field]) => ({name, field, limit: field.limit}));
    const before = {...root.data};
    for (const {name, field} of lists) {
        // Read up to the page that is shown, so that turning to it asks nothing
        field.limit = before[name].offset + before[name].limit;
    }
    try {
        await root.load();
    } finally {
        for (const {field, limit} of lists) {
            field.limit = limit;
        }
    }
    // A page that was turned meanwhile counts
    await root.model.mutex.getUnlockedDef();
    for (const {name} of lists) {
        await turnTo(root.data[name], before[name]);
    }
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
        useRunReload(this.messages, (runIds) => this.follow(runIds));
        // Also when the reader pages to another run
        useEffect(
            () => {
                this.messages.closeResults();
                this.markSeen();
            },
            () => [this.model.root.resId]
        );
    }

    async follow(runIds) {
        const {root} = this.model;
        if (runIds.has(root.resId)) {
            await keepFocus(() => reloadInPlace(root));
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
        useRunReload(useService("invoice_send_messages"), () => this.follow());
    }

    async follow() {
        // Ticked rows would lose their ticks
        if (!this.model.root.selection.length) {
            await this.model.root.load();
        }
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
