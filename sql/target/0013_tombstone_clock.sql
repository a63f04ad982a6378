-- A clock for the age of tombstones, because that of the server may be set a year ahead by mistake: all tombstones would
-- then be deleted at once, and a dead letter from before a deletion could bring the employee back.
--
-- Each move sets this clock towards that of the server, by two hours at most. One instance of apply-changes moves it each
-- hour, so it keeps pace; after a mistake it takes days to forget anything.
create table tombstone_clock (
  only_row boolean primary key default true check (only_row),
  -- Goes back with the clock of the server, so that tombstones of that time are not old at once.
  shows_at timestamptz not null default clock_timestamp(),
  -- The greatest time that it has shown. After the server was set back by years, the clock returns to it in one move, as
  -- soon as the tombstones of that time are old.
  latest_at timestamptz not null default clock_timestamp(),
  -- By the clock of the server; null before the first move.
  moved_at timestamptz
);
insert into tombstone_clock default values;
