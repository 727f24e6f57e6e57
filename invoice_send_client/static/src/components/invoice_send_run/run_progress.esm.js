import {
    ProgressBarField,
    progressBarField,
} from "@web/views/fields/progress_bar/progress_bar_field";
import {registry} from "@web/core/registry";

/** Odoo's progress bar, which says what it is. */
export class RunProgress extends ProgressBarField {
    static template = "invoice_send_client.RunProgress";
}

registry
    .category("fields")
    .add("invoice_send_progress", {...progressBarField, component: RunProgress});
