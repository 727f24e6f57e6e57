from . import invoice_send_run
from . import invoice_send_run_line
from . import invoice_send_server
from . import queue_job
