"""How sending uses the job queue."""

#: What the identity key of each of our jobs begins with.
KEY_PREFIX = "invoice_send_client-"

#: Priorities of jobs, the lowest first: PDFs that no mail waited for come after all
#: mails that are due (requirements D5). 10 is what the queue gives to any job.
MAIL_PRIORITY, PDF_PRIORITY = 10, 20

#: Jobs that are written in one transaction: workers begin while the rest is written.
JOBS_A_COMMIT = 50

#: Seconds without a job of ours begun, after which the scheduled action does the work
#: itself: where no job runner is there (it begins five seconds after its server) ...
ABSENT_SECONDS = 60
#: ... and where one is, but doesn't come to our jobs (wrong port, its channels busy).
STALLED_SECONDS = 300

#: Advisory lock class of "a mail leaves by this server, which has a limit": the first
#: key of PostgreSQL's two-key advisory locks, the server's id is the second.
SERVER_LOCK_CLASS = 0x15C1

#: PostgreSQL's ``lock_timeout`` while a job waits for its turn; it is put off by a
#: minute then. Chosen: shorter than a pass, longer than a mail takes as a rule.
TURN_TIMEOUT = "20s"
