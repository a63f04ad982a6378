-- When transform-csv was asked to process a version, and when it began.
--
-- The difference is how long its events wait in Lambda's queue at present. reconcile-bucket waits that much longer
-- before it asks again for a file, so that it does not repeat the files of a queue that is still being worked off.
alter table ingested_file
  -- When the latest event for the version was sent; null where it is unknown.
  add column requested_at timestamptz,
  -- When transform-csv began to process the latest event; null after reconcile-bucket has sent one, until it begins.
  add column begun_at timestamptz;

create index ingested_file_begun on ingested_file (begun_at);
