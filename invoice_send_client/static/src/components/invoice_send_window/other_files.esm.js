import {MailAttachments} from "@account/components/mail_attachments/mail_attachments";
import {MailAttachments as MailAttachmentsSelector} from "@account/components/mail_attachments/mail_attachments_selector";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";

/** The button that adds a file, in words in place of a paper clip. */
export class AddFile extends MailAttachmentsSelector {
    static template = "invoice_send_client.AddFile";
}

/** The files that go beside the document, which has a checkbox of its own. */
export class OtherFiles extends MailAttachments {
    static template = "invoice_send_client.OtherFiles";
    static components = {...MailAttachments.components, AddFile};

    get otherFiles() {
        const {document_filename} = this.props.record.data;
        return this.renderedAttachments.filter(
            (file) => !file.skip && (file.manual || file.name !== document_filename)
        );
    }

    getRemoveLabel(file) {
        return _t("Remove %s", file.name);
    }

    /**
     * A row keeps its files until Back: what was removed and then discarded still goes.
     *
     * @override
     */
    async onWillUnmount() {
        if (!this.props.record.data.batch_line_id) {
            await super.onWillUnmount();
        }
    }
}

registry.category("fields").add("invoice_other_files", {
    component: OtherFiles,
    supportedTypes: ["json"],
    fieldDependencies: [
        {name: "document_filename", type: "char"},
        {name: "attachments_not_supported", type: "json"},
    ],
});
