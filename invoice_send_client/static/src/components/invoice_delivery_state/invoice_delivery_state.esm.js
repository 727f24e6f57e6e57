import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {formatDateTime} from "@web/core/l10n/dates";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

// Which icons a state shows, in their order: the envelope says that the mail server
// took the mail, the eye that a person looked. Nothing weaker lights either of them.
const ICONS = {
    outgoing: ["waiting"],
    sent: ["sent"],
    open: ["sent"],
    view: ["sent", "view"],
    download: ["sent", "view"],
    accept: ["sent", "view", "accept"],
    return: ["sent", "view", "return"],
    error: [],
};
const CLASSES = {
    waiting: "fa-clock-o text-muted",
    sent: "fa-envelope",
    view: "fa-eye",
    accept: "fa-check text-success",
    return: "fa-reply text-warning",
    problem: "fa-exclamation-circle text-danger",
};

/** Envelope, eye, answer and red mark of a document, with who and when in words. */
export class InvoiceDeliveryState extends Component {
    static template = "invoice_send_client.InvoiceDeliveryState";
    static props = {
        ...standardFieldProps,
        withText: {type: Boolean, optional: true},
    };

    get data() {
        return this.props.record.data;
    }

    get icons() {
        const names = [...(ICONS[this.data[this.props.name]] || [])];
        if (this.data.invoice_delivery_problem) {
            names.unshift("problem");
        }
        return names.map((name) => ({
            name,
            class: CLASSES[name],
            label: this.getLabel(name),
        }));
    }

    getLabel(name) {
        const {
            invoice_delivery_recipients: addresses,
            invoice_sent_datetime: sent,
            invoice_view_datetime: viewed,
        } = this.data;
        switch (name) {
            case "waiting":
                return _t("Waiting to be sent to %s", addresses);
            case "sent":
                return sent
                    ? _t("Mailed %(when)s to %(addresses)s", {
                          when: formatDateTime(sent),
                          addresses,
                      })
                    : _t("Sent to %s", addresses);
            case "view":
                return viewed
                    ? _t("Viewed by the client %s", formatDateTime(viewed))
                    : _t("Viewed by the client");
            case "accept":
                return _t("Accepted by the client");
            case "return":
                return _t("Returned by the client");
        }
        return _t("Did not reach every recipient of %s", addresses);
    }
}

registry.category("fields").add("invoice_delivery_state", {
    component: InvoiceDeliveryState,
    displayName: _t("Client status"),
    supportedTypes: ["selection"],
    extractProps: ({options}) => ({withText: Boolean(options.with_text)}),
    fieldDependencies: [
        {name: "invoice_delivery_problem", type: "boolean"},
        {name: "invoice_delivery_recipients", type: "char"},
        {name: "invoice_sent_datetime", type: "datetime"},
        {name: "invoice_view_datetime", type: "datetime"},
    ],
});
