import {Component, markup, onWillStart, useState} from "@odoo/owl";
import {View} from "@web/views/view";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

const LINE = "account.move.send.batch.wizard.line";

/**
 * The rows of the review window, as a list of their own: searched, filtered, grouped,
 * sorted and read page by page, however many there are.
 */
export class ReviewLines extends Component {
    static template = "invoice_send_client.ReviewLines";
    static components = {View};
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.state = useState({counts: {}, showsOptions: false});
        this.review = this.env.invoiceSendReview;
        this.review.onChanged = () => this.count();
        onWillStart(async () => {
            const {record} = this.props;
            if (!record.resId) {
                // Opened by another app, which did not write the window first
                await record.save();
            }
            this.viewProps = {
                type: "list",
                resModel: LINE,
                domain: [["wizard_id", "=", record.resId]],
                searchViewId: false,
                loadIrFilters: true,
                display: {searchPanel: false},
                noBreadcrumbs: true,
                allowSelectors: false,
                showButtons: false,
                noContentHelp: markup`<p>${_t("No document matches the search.")}</p>`,
            };
            await this.count();
        });
    }

    call(method, ...args) {
        const {resId, resModel} = this.props.record;
        return this.orm.call(resModel, method, [[resId], ...args]);
    }

    async count() {
        this.state.counts = await this.call("get_counts");
    }

    /**
     * Tick all rows that can be sent and that search and filters show, or none.
     *
     * @param {Boolean} isTicked
     */
    async onTickAll(isTicked) {
        await this.review.change(() =>
            this.call("tick_all", isTicked, this.review.getDomain())
        );
        await this.count();
    }
}

registry.category("view_widgets").add("invoice_send_review_lines", {
    component: ReviewLines,
});
