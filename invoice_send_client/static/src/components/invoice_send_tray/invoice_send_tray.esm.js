import {Component, useRef, useState} from "@odoo/owl";
import {InvoiceSendMessages} from "./invoice_send_messages.esm";
import {_t} from "@web/core/l10n/translation";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {usePopover} from "@web/core/popover/popover_hook";
import {useService} from "@web/core/utils/hooks";

/** How far the user's own runs are, and how many failures nobody looked at yet. */
export class InvoiceSendTray extends Component {
    static template = "invoice_send_client.InvoiceSendTray";
    static props = {};

    setup() {
        this.messages = useService("invoice_send_messages");
        this.told = useState(this.messages.state);
        this.state = useState({isOpen: false});
        this.button = useRef("button");
        this.popover = usePopover(InvoiceSendMessages, {
            animation: false,
            arrow: false,
            closeOnClickAway: (target) => this.leaveFor(target),
            onClose: () => this.onClose(),
            popoverClass: "o_invoice_send_tray_menu shadow",
            position: "bottom-end",
        });
    }

    get working() {
        return Object.values(this.told.runs).filter((run) => run.is_working);
    }

    get totals() {
        const sum = (name) => this.working.reduce((total, run) => total + run[name], 0);
        const total = sum("document_count");
        const done = total - sum("waiting_count");
        return {total, done, percent: total ? (100 * done) / total : 0};
    }

    get label() {
        const words = [_t("My messages")];
        if (this.told.unseenCount) {
            words.push(_t("%s not sent and not looked at", this.told.unseenCount));
        }
        if (this.working.length) {
            words.push(_t("documents done: %(done)s of %(total)s", this.totals));
        }
        return words.join(", ");
    }

    /**
     * @param {Node} target of a click
     * @returns {Boolean} whether it closes the menu: a question of the menu's own
     *      buttons stands above it
     */
    leaveFor(target) {
        this.isLeft = !target.closest?.(
            ".modal, .o_invoice_send_tray, .o_invoice_send_tray_menu"
        );
        return this.isLeft;
    }

    onClose() {
        this.state.isOpen = false;
        if (!this.isLeft) {
            // After the search field, which takes the focus of whatever closes
            browser.setTimeout(() => this.button.el?.focus());
        }
    }

    toggle() {
        if (this.popover.isOpen) {
            this.popover.close();
            return;
        }
        this.isLeft = false;
        this.popover.open(this.button.el);
        this.state.isOpen = true;
    }
}

registry
    .category("systray")
    .add("invoice_send_client.tray", {Component: InvoiceSendTray}, {sequence: 24});
