from . import invoice_send_run
from . import invoice_send_run_line
from . import queue_job
