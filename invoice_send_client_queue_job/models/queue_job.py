from odoo import models


class QueueJob(models.Model):
    """What the jobs of sendings lead to."""

    _inherit = "queue.job"

    def related_action_open_run(self):
        """:return: the window of the press of Send that a job belongs to"""
        self.ensure_one()
        run = self.records.exists().run_id
        return run.get_formview_action() if run else None
