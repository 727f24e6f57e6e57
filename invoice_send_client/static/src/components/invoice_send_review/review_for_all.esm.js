import {Component} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

/**
 * Gives all ticked rows what was chosen above them, nothing where nothing was: what is
 * still being typed is known when it is pressed, not before.
 */
export class ReviewForAll extends Component {
    static template = "invoice_send_client.ReviewForAll";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.review = this.env.invoiceSendReview;
    }

    async onClick() {
        await this.review.change(() => this.setForAll());
        await this.review.onChanged();
    }

    async setForAll() {
        const {record} = this.props;
        if (await record.save()) {
            await this.orm.call(record.resModel, "set_for_all", [[record.resId]]);
            await record.load();
        }
    }
}

registry.category("view_widgets").add("invoice_send_review_for_all", {
    component: ReviewForAll,
});
