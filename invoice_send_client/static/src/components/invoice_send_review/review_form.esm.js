import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {useSubEnv} from "@odoo/owl";

/** The review window: what stands in an edited row is saved before a button works. */
export class ReviewFormController extends FormController {
    setup() {
        super.setup();
        // Filled in by the list of rows: see ReviewListController and ReviewLines.
        this.review = {
            finishEdit: async () => true,
            change: (work) => work(),
            getDomain: () => [],
            onChanged: async () => undefined,
        };
        this.messages = useService("invoice_send_messages");
        useSubEnv({invoiceSendReview: this.review});
    }

    async beforeExecuteActionButton(clickParams) {
        if (clickParams.special !== "cancel" && !(await this.review.finishEdit())) {
            return false;
        }
        return super.beforeExecuteActionButton(clickParams);
    }

    /** What Send has begun is followed, also where the server can not tell it. */
    async afterExecuteActionButton(clickParams) {
        await super.afterExecuteActionButton(clickParams);
        if (clickParams.name === "action_send_and_print") {
            this.messages.poll();
        }
    }
}

registry.category("views").add("invoice_send_review_form", {
    ...formView,
    Controller: ReviewFormController,
});
