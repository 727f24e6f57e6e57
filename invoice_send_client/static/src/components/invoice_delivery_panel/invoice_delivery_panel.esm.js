import {Component, useState} from "@odoo/owl";
import {deserializeDateTime, toLocaleDateTimeString} from "@web/core/l10n/dates";
import {ConfirmationDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {_t} from "@web/core/l10n/translation";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";
import {user} from "@web/core/user";

const ICONS = {
    outgoing: "fa-clock-o text-muted",
    sent: "fa-envelope",
    brought: "fa-inbox",
    open: "fa-envelope-open-o text-muted",
    view: "fa-eye",
    download: "fa-download",
    accept: "fa-check text-success",
    return: "fa-reply text-warning",
    error: "fa-exclamation-circle text-danger",
    bounce: "fa-exclamation-circle text-danger",
    cancel: "fa-ban text-muted",
    machine: "fa-cog text-muted",
    renew: "fa-question-circle",
    retry: "fa-paper-plane",
    correct: "fa-pencil",
    revoke: "fa-chain-broken",
    relink: "fa-link",
    linkmail: "fa-link",
    opt_out: "fa-eye-slash",
    erase: "fa-eraser",
};

const WAY_ICONS = {
    waiting: "fa-clock-o text-muted",
    sent: "fa-check text-success",
    failed: "fa-exclamation-circle text-danger",
    cancelled: "fa-ban text-muted",
};

const EVENTS_SHOWN = 20;

/** What became of the document, recipient by recipient, and the timeline in words. */
export class InvoiceDeliveryPanel extends Component {
    static template = "invoice_send_client.InvoiceDeliveryPanel";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.state = useState({
            canSend: false,
            recipients: [],
            events: [],
            ways: [],
            isWhole: false,
            isBusy: false,
        });
        this.lastAsk = 0;
        // Reads record.data: whatever reloads the invoice reloads the panel with it
        useRecordObserver((record) => this.load(record.data && record.resId));
    }

    get current() {
        return this.state.recipients.filter((recipient) => recipient.is_current);
    }

    get earlier() {
        return this.state.recipients.filter((recipient) => !recipient.is_current);
    }

    get events() {
        const {events, isWhole} = this.state;
        return isWhole ? events : events.slice(0, EVENTS_SHOWN);
    }

    get hiddenCount() {
        return this.state.events.length - this.events.length;
    }

    async load(resId) {
        const ask = ++this.lastAsk;
        if (!resId) {
            return;
        }
        const panel = await this.orm.call(
            "account.move",
            "get_invoice_delivery_panel",
            [[resId]]
        );
        // Answers may come in another order: one for an invoice paged over is dropped
        if (ask !== this.lastAsk) {
            return;
        }
        this.state.canSend = panel.can_send;
        this.state.recipients = panel.recipients;
        this.state.events = panel.events;
        this.state.ways = panel.ways;
    }

    formatTime(value) {
        return value ? toLocaleDateTimeString(deserializeDateTime(value)) : "";
    }

    getIcon(name) {
        return ICONS[name] || "fa-circle-o";
    }

    getWayIcon(way) {
        return WAY_ICONS[way.kind] || "fa-circle-o";
    }

    getRecipientIcon(recipient) {
        const isBrought = recipient.is_network && recipient.state === "sent";
        return this.getIcon(isBrought ? "brought" : recipient.state);
    }

    /**
     * What stands below the recipient: who it is, in which role, by which way.
     *
     * @param {Object} recipient
     * @returns {String}
     */
    describe(recipient) {
        return [
            recipient.name,
            recipient.is_network ? "" : recipient.role,
            recipient.method,
            recipient.mode,
            recipient.is_counted ? "" : _t("not counted"),
            recipient.reminder,
        ]
            .filter(Boolean)
            .join(" · ");
    }

    can(recipient, name) {
        return this.state.canSend && recipient.actions.includes(name);
    }

    showAll() {
        this.state.isWhole = true;
    }

    /**
     * Send again; a mail that may have arrived is not repeated without a question.
     *
     * @param {Object} recipient
     */
    resend(recipient) {
        if (!recipient.is_unknown) {
            return this.run(recipient, "action_resend");
        }
        this.dialog.add(ConfirmationDialog, {
            title: _t("It may have arrived"),
            body: _t(
                "Nobody knows whether the mail to %s left. Sent again, it may arrive twice.",
                recipient.email
            ),
            confirmLabel: _t("Send again"),
            confirm: () => this.run(recipient, "action_resend"),
            cancel: () => true,
        });
    }

    revoke(recipient) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Revoke the link"),
            body: _t("The link that %s has will no longer work.", recipient.email),
            confirmLabel: _t("Revoke link"),
            confirm: () => this.run(recipient, "action_revoke_link"),
            cancel: () => true,
        });
    }

    /**
     * Call a button's method on a delivery, then show what became of it.
     *
     * @param {Object} recipient
     * @param {String} method
     */
    async run(recipient, method) {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        const opener = document.activeElement;
        try {
            if (!(await this.props.record.save())) {
                return;
            }
            await this.action.doActionButton({
                type: "object",
                name: method,
                resModel: "invoice.delivery",
                resId: recipient.id,
                context: user.context,
                onClose: async () => {
                    await this.props.record.load();
                    // Back to where the window was opened
                    browser.setTimeout(() => opener.isConnected && opener.focus());
                },
            });
        } finally {
            this.state.isBusy = false;
        }
    }

    async copyLink(recipient) {
        try {
            await browser.navigator.clipboard.writeText(recipient.url);
        } catch {
            // Without https browsers keep the clipboard closed: copied by hand then
            this.notification.add(recipient.url, {
                title: _t("Copy this link"),
                sticky: true,
            });
            return;
        }
        this.notification.add(_t("Link of %s copied", recipient.email), {
            type: "success",
        });
    }
}

registry.category("view_widgets").add("invoice_delivery_panel", {
    component: InvoiceDeliveryPanel,
});
