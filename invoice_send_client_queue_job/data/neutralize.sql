-- the jobs of the original are none of a copy's
DELETE FROM queue_job
 WHERE state IN ('pending', 'enqueued')
   AND identity_key LIKE 'invoice_send_client-%';
