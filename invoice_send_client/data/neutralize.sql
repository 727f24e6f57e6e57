-- what waits in the original never leaves from a copy of it
UPDATE invoice_delivery
   SET state = 'cancel', next_attempt_datetime = NULL
 WHERE state = 'outgoing';

UPDATE invoice_send_run_line
   SET state = 'skipped'
 WHERE state = 'waiting';

UPDATE account_move
   SET invoice_delivery_state = NULL
 WHERE invoice_delivery_state = 'outgoing';

DELETE FROM invoice_send_request;

-- links that were mailed lead to the original
DELETE FROM ir_config_parameter
 WHERE key = 'invoice_send_client.public_url';
