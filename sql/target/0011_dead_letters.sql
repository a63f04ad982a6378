-- The ledger of dead letters: one row for each record, row or file that failed, however often it failed.
--
-- The dead-letter topics hold the payloads and are the truth. These rows are an index of them, which index-dead-letters
-- builds again when it reads the topics from their start.

-- One redrive: the dead letters that a filter selected at one moment, published to their origin topics again.
create table redrive (
  redrive_id bigint generated always as identity primary key,
  -- planned: its dead letters are claimed. running: it publishes. settling: all are published, and outcomes are awaited.
  state text collate "C" not null default 'planned'
    check (state in ('planned', 'running', 'settling', 'complete', 'canceled', 'failed')),
  filter jsonb not null,
  note text,
  -- Dead letters a second; null without a limit.
  rate integer check (rate > 0),
  -- What was claimed, by code and destination: [{"code", "destination", "count"}].
  counts jsonb not null default '[]',
  claimed integer not null default 0,
  published integer not null default 0,
  resolved integer not null default 0,
  failed integer not null default 0,
  -- Those that were not published, and why: [{"reason", "count"}]. They are open again.
  refused integer not null default 0,
  refusals jsonb not null default '[]',
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  published_at timestamptz,
  finished_at timestamptz,
  cancel_requested_at timestamptz,
  -- The invocation that works on it, and its last sign of life. Another invocation takes up one that stands still.
  owner text,
  heartbeat_at timestamptz
);

-- Only one redrive at a time claims and publishes.
create unique index redrive_in_progress on redrive ((true)) where state in ('planned', 'running');

create table dead_letter (
  -- The first origin: topic/partition/offset, bucket/key@version#row, or bucket/key@version for a whole file.
  dlq_id text collate "C" primary key,
  -- Where the latest dead letter of this failure is.
  topic text collate "C" not null,
  kafka_partition integer not null,
  kafka_offset bigint not null,
  code text collate "C" not null,
  -- The rule that is violated; null when the failure is not the violation of a rule.
  rule text,
  reason text not null,
  -- The key of the record as text, at most 200 characters, with U+FFFD in place of what is not text.
  record_key text collate "C",
  -- Where the record, row or file that failed last came from.
  origin jsonb not null,
  -- The file that it came from, directly or through a record of it; null for changes.
  file_bucket text,
  file_key text collate "C",
  file_version text,
  file_row integer,
  -- Of the whole payload; null for a record without a value and for a file.
  payload_bytes integer,
  payload_sha256 bytea,
  cut boolean not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  -- How often it has failed, from 1.
  attempts integer not null check (attempts > 0),
  -- open: it waits. claimed: a redrive will publish it. redriven: it was published, and its outcome is awaited.
  -- resolved: it was applied. parked: it failed too often, and is redriven only by name. obsolete: a newer version of
  -- its file has replaced it. discarded: an operator gave it up.
  state text collate "C" not null
    check (state in ('open', 'claimed', 'redriven', 'resolved', 'parked', 'obsolete', 'discarded')),
  state_at timestamptz not null default clock_timestamp(),
  -- Generated, so that the indexes do not contain the state: then an update from open to claimed or redriven needs no
  -- entry in any of them.
  pending boolean not null generated always as (state in ('open', 'claimed', 'redriven', 'parked')) stored,
  -- The latest redrive that claimed it, and where that published it.
  redrive_id bigint references redrive,
  published_topic text,
  published_partition integer,
  published_offset bigint
  -- Space on each page for the next version of its rows, for the same reason.
) with (fillfactor = 45);

create index dead_letter_last on dead_letter (pending, last_at);
create index dead_letter_code on dead_letter (pending, code, last_at);
create index dead_letter_key on dead_letter (pending, record_key, last_at) where record_key is not null;
create index dead_letter_file on dead_letter (pending, file_key, last_at) where file_key is not null;
-- In the order of the topics, in which a redrive reads the payloads.
create index dead_letter_position on dead_letter (topic, kafka_partition, kafka_offset) where pending;

-- How many there are, because counting 100,000 rows takes longer than a page may take.
create table dead_letter_count (
  topic text collate "C",
  code text collate "C",
  state text collate "C",
  count bigint not null,
  primary key (topic, code, state)
);

create function count_dead_letters() returns trigger language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'TRUNCATE' then
    delete from dead_letter_count;
  elsif tg_op = 'INSERT' then
    insert into dead_letter_count as known (topic, code, state, count)
    select topic, code, state, count(*) from added group by 1, 2, 3 order by 1, 2, 3
    on conflict (topic, code, state) do update set count = known.count + excluded.count;
  elsif tg_op = 'DELETE' then
    insert into dead_letter_count as known (topic, code, state, count)
    select topic, code, state, -count(*) from removed group by 1, 2, 3 order by 1, 2, 3
    on conflict (topic, code, state) do update set count = known.count + excluded.count;
  else
    insert into dead_letter_count as known (topic, code, state, count)
    select topic, code, state, sum(change) from (
      select topic, code, state, 1 as change from added
      union all
      select topic, code, state, -1 from removed
    ) as changed group by 1, 2, 3 having sum(change) <> 0 order by 1, 2, 3
    on conflict (topic, code, state) do update set count = known.count + excluded.count;
  end if;
  return null;
end
$$;

create trigger count_inserted after insert on dead_letter
  referencing new table as added for each statement execute function count_dead_letters();
create trigger count_updated after update on dead_letter
  referencing old table as removed new table as added for each statement execute function count_dead_letters();
create trigger count_deleted after delete on dead_letter
  referencing old table as removed for each statement execute function count_dead_letters();
create trigger count_truncated after truncate on dead_letter
  for each statement execute function count_dead_letters();
