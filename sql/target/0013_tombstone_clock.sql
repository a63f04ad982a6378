-- A clock for the age of tombstones, because that of the server may be set a year ahead by mistake: all tombstones would
-- then be deleted at once, and a dead letter from before a deletion could bring the employee back.
--
-- Each deletion of old tombstones moves this clock towards that of the server, by two hours at most. The deletions are an
-- hour apart in each instance of apply-changes, so the clock keeps pace; after a mistake it takes days to forget anything.
create table tombstone_clock (
  only_row boolean primary key default true check (only_row),
  shows_at timestamptz not null default clock_timestamp()
);
insert into tombstone_clock default values;
