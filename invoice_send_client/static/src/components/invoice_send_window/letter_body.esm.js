import {
    HtmlMailField,
    htmlMailField,
} from "@mail/views/web/fields/html_mail_field/html_mail_field";
import {TabulationPlugin} from "@html_editor/main/tabulation_plugin";
import {registry} from "@web/core/registry";

/** Leaves the Tab key to the window: who works by keyboard must get out again. */
class FreeTabPlugin extends TabulationPlugin {
    resources = {...this.resources, shortcuts: []};
}

/** The letter's text, in the native editor. */
export class LetterBody extends HtmlMailField {
    getConfig() {
        const config = super.getConfig();
        // No mail program plays one
        config.allowVideo = false;
        config.Plugins = config.Plugins.map((plugin) =>
            plugin === TabulationPlugin ? FreeTabPlugin : plugin
        );
        return config;
    }
}

registry.category("fields").add("invoice_letter_body", {
    ...htmlMailField,
    component: LetterBody,
});
