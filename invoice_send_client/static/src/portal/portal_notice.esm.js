import {Interaction} from "@web/public/interaction";
import {registry} from "@web/core/registry";
import {session} from "@web/session";

const RECEIVED = "invoice_send_client.received";

/** Many documents can come at once; the home page names them all. */
const SHOWN_AT_ONCE = 3;

/**
 * Tells a client, while the portal is open, that a document came.
 *
 * The words come in the client's language from the server.
 */
export class PortalNotice extends Interaction {
    static selector = ".o_portal_wrap";

    setup() {
        this.shown = [];
        // Colleagues get no documents here, and visitors have no channel of their own.
        this.isClient = !session.is_public && !session.is_internal_user;
    }

    start() {
        if (!this.isClient) {
            return;
        }
        const bus = this.services.bus_service;
        const onReceived = (notice) => this.show(notice);
        bus.subscribe(RECEIVED, onReceived);
        this.registerCleanup(() => bus.unsubscribe(RECEIVED, onReceived));
        bus.start();
    }

    /**
     * @param {Object} notice see ``_prepare_portal_notice`` of ``invoice.delivery``
     */
    show({title, message, label, url}) {
        if (this.isShown(url)) {
            return;
        }
        const open = () => window.location.assign(url);
        const close = this.services.notification.add(message, {
            title,
            type: "info",
            sticky: true,
            buttons: [{name: label, primary: true, onClick: open}],
        });
        this.shown.push(close);
        if (this.shown.length > SHOWN_AT_ONCE) {
            this.shown.shift()();
        }
    }

    /** Tells whether the page is the document's, or names it. */
    isShown(url) {
        const links = document.querySelectorAll("#invoice_delivery_news a");
        return [window.location, ...links].some(({pathname}) => pathname === url);
    }
}

registry
    .category("public.interactions")
    .add("invoice_send_client.portal_notice", PortalNotice);
