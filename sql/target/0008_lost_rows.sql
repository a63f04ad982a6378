-- When watch-replica found that the topic has no more rows of a file for load-salaries, although the file is not complete:
-- Kafka has lost them, or the target has, by a restore of an older copy. reconcile-bucket then starts the file again at
-- once. It was started again when `requested_at` is later.
alter table ingested_file add column rows_lost_at timestamptz;
