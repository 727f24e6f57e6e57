import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {toLocaleDateTimeString} from "@web/core/l10n/dates";

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

    get state() {
        return this.props.record.data[this.props.name];
    }

    get icons() {
        const names = [...(ICONS[this.state] || [])];
        if (this.props.record.data.invoice_delivery_problem) {
            names.unshift("problem");
        }
        return names.map((name) => ({
            name,
            class: this.getClass(name),
            label: this.getLabel(name),
            text: this.getText(name),
        }));
    }

    /**
     * What the icons say together, for the hover.
     *
     * @returns {String}
     */
    get tooltip() {
        const sentences = this.icons.map((icon) => icon.label);
        if (this.state === "open") {
            sentences.push(_t("Probably opened, perhaps by a machine"));
        }
        return sentences.join(", ");
    }

    get when() {
        const {invoice_sent_datetime: sent, invoice_view_datetime: viewed} =
            this.props.record.data;
        return {
            sent: sent && toLocaleDateTimeString(sent),
            view: viewed && toLocaleDateTimeString(viewed),
        };
    }

    get recipients() {
        const {invoice_delivery_recipients: mailed, invoice_network_recipients: names} =
            this.props.record.data;
        return {addresses: mailed || "", names: names || ""};
    }

    /**
     * @param {String} name of the icon
     * @returns {String} its classes: no envelope for what was not mailed
     */
    getClass(name) {
        const {addresses, names} = this.recipients;
        return name === "sent" && names && !addresses ? "fa-inbox" : CLASSES[name];
    }

    /**
     * @param {String} when it was sent
     * @returns {String} to whom, by which ways
     */
    getSentLabel(when) {
        const {addresses, names} = this.recipients;
        if (!when) {
            return _t("Sent to %s", [addresses, names].filter(Boolean).join(", "));
        }
        if (!names) {
            return _t("Mailed %(when)s to %(addresses)s", {when, addresses});
        }
        return addresses
            ? _t("Mailed %(when)s to %(addresses)s and brought to %(names)s", {
                  when,
                  addresses,
                  names,
              })
            : _t("Brought %(when)s to %(names)s", {when, names});
    }

    /**
     * @param {String} name of the icon
     * @returns {String} who and when, in one sentence
     */
    getLabel(name) {
        const all = Object.values(this.recipients).filter(Boolean).join(", ");
        const when = this.when[name];
        switch (name) {
            case "waiting":
                return _t("Waiting to be sent to %s", all);
            case "sent":
                return this.getSentLabel(when);
            case "view":
                return when ? _t("viewed %s", when) : _t("viewed by the client");
            case "accept":
                return _t("accepted by the client");
            case "return":
                return _t("returned by the client");
        }
        return this.state === "error"
            ? _t("Not sent to %s", all)
            : _t("Problem with one of the recipients");
    }

    /**
     * @param {String} name of the icon
     * @returns {String} the short words beside the icon, above the document
     */
    getText(name) {
        const when = this.when[name];
        switch (name) {
            case "waiting":
                return _t("waiting to be sent");
            case "sent":
                return when ? _t("sent %s", when) : _t("sent");
            case "view":
                return when ? _t("viewed %s", when) : _t("viewed");
            case "accept":
                return _t("accepted");
            case "return":
                return _t("returned");
        }
        return this.state === "error"
            ? _t("not sent")
            : _t("not every recipient was reached");
    }
}

registry.category("fields").add("invoice_delivery_state", {
    component: InvoiceDeliveryState,
    displayName: _t("Client status"),
    supportedTypes: ["selection"],
    listViewWidth: 112,
    extractProps: ({options}) => ({withText: Boolean(options.with_text)}),
    fieldDependencies: [
        {name: "invoice_delivery_problem", type: "boolean"},
        {name: "invoice_delivery_recipients", type: "char"},
        {name: "invoice_network_recipients", type: "char"},
        {name: "invoice_sent_datetime", type: "datetime"},
        {name: "invoice_view_datetime", type: "datetime"},
    ],
});
