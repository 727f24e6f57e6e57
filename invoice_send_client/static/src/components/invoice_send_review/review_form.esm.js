import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";
import {registry} from "@web/core/registry";
import {useSubEnv} from "@odoo/owl";

/** The review window: what stands in an edited row is saved before a button works. */
export class ReviewFormController extends FormController {
    setup() {
        super.setup();
        // Filled in by the list of rows: see ReviewListController and ReviewLines.
        this.review = {
            leaveEdit: async () => true,
            reload: async () => undefined,
            getDomain: () => [],
            onChanged: async () => undefined,
        };
        useSubEnv({invoiceSendReview: this.review});
    }

    async beforeExecuteActionButton(clickParams) {
        if (clickParams.special !== "cancel" && !(await this.review.leaveEdit())) {
            return false;
        }
        return super.beforeExecuteActionButton(clickParams);
    }
}

registry.category("views").add("invoice_send_review_form", {
    ...formView,
    Controller: ReviewFormController,
});
