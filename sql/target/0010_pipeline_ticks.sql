-- The history of the pipelines: what each function has received within each second, and how long it took until that was
-- in the tables.
--
-- A batch writes its ticks with a statement that it makes anyway, at most once a second or once for 1,000 records. Each
-- instance of a function has rows of its own: otherwise the batches of one second would wait for each other's commit. An
-- instance overwrites its row of a second with the sum so far, so a tick that is written twice counts once.
create table pipeline_tick (
  function_name text collate "C" not null,
  -- The beginning of the second; of the minute, when the ticks of one hour ago are added up.
  at timestamptz not null,
  -- The instance of the function; 0 for the sum of a minute.
  writer integer not null,
  batches bigint not null,
  records bigint not null,
  -- Between the origin of a record and its commit; null when the origin of none is known.
  greatest_ms bigint,
  -- How many records took longer than the column before says, and not longer than this one. The boundaries are those that
  -- OpenTelemetry recommends for messaging durations.
  ms_5 bigint not null, ms_10 bigint not null, ms_25 bigint not null, ms_50 bigint not null, ms_75 bigint not null,
  ms_100 bigint not null, ms_250 bigint not null, ms_500 bigint not null, ms_750 bigint not null,
  ms_1000 bigint not null, ms_2500 bigint not null, ms_5000 bigint not null, ms_7500 bigint not null,
  ms_10000 bigint not null, ms_more bigint not null,
  primary key (function_name, at, writer)
) with (fillfactor = 60);

-- The key begins with the name of the function. This index finds what is old.
create index pipeline_tick_at on pipeline_tick (at) where writer <> 0;

-- Writes ticks: an array of objects with the columns as fields. The history must never keep a batch from being applied, so
-- an error here, for instance because the table was altered, is only a warning.
create function record_pipeline_ticks(ticks jsonb) returns void language plpgsql as $$
begin
  insert into pipeline_tick select * from jsonb_populate_recordset(null::pipeline_tick, ticks)
  on conflict (function_name, at, writer) do update set
    batches = excluded.batches, records = excluded.records, greatest_ms = excluded.greatest_ms,
    ms_5 = excluded.ms_5, ms_10 = excluded.ms_10, ms_25 = excluded.ms_25, ms_50 = excluded.ms_50,
    ms_75 = excluded.ms_75, ms_100 = excluded.ms_100, ms_250 = excluded.ms_250, ms_500 = excluded.ms_500,
    ms_750 = excluded.ms_750, ms_1000 = excluded.ms_1000, ms_2500 = excluded.ms_2500, ms_5000 = excluded.ms_5000,
    ms_7500 = excluded.ms_7500, ms_10000 = excluded.ms_10000, ms_more = excluded.ms_more;
exception when others then
  raise warning 'the ticks of a batch are not recorded: %', sqlerrm;
end
$$;

-- The latency that this part of the records does not exceed, between two boundaries by linear interpolation; null without
-- records. The counts are those of the columns ms_5 to ms_more.
create function latency_quantile(part double precision, counts bigint[], greatest_ms bigint) returns double precision
  language plpgsql immutable parallel safe as $$
declare
  boundaries constant bigint[] := '{0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000}';
  rank double precision := part * (select sum(count) from unnest(counts) as count);
  counted bigint := 0;
  upper_ms bigint;
begin
  for bucket in 1 .. cardinality(counts) loop
    if counts[bucket] > 0 and counted + counts[bucket] >= rank then
      upper_ms := least(boundaries[bucket + 1], greatest_ms);
      return boundaries[bucket] + (upper_ms - boundaries[bucket]) * (rank - counted) / counts[bucket];
    end if;
    counted := counted + counts[bucket];
  end loop;
  return null;
end
$$;

-- What a function has received within the last seconds, for each step of so many seconds that has ticks, ascending. The
-- first step begins before the last `seconds`, at a multiple of its length. Without a step, one row for all of them.
create function pipeline_history(wanted_function text, seconds integer, step_seconds integer)
  returns table (
    "from" timestamptz, batches bigint, records bigint, timed bigint, greatest_ms bigint, p50_ms double precision,
    p99_ms double precision
  )
  language sql stable as $$
  with step as (
    select coalesce(date_bin(make_interval(secs => step_seconds), tick.at, to_timestamp(0)), since) as "from",
      sum(tick.batches)::bigint as batches, sum(tick.records)::bigint as records, max(tick.greatest_ms) as greatest_ms,
      array[
        sum(ms_5), sum(ms_10), sum(ms_25), sum(ms_50), sum(ms_75), sum(ms_100), sum(ms_250), sum(ms_500), sum(ms_750),
        sum(ms_1000), sum(ms_2500), sum(ms_5000), sum(ms_7500), sum(ms_10000), sum(ms_more)
      ]::bigint[] as counts
    from (select statement_timestamp() - make_interval(secs => seconds) as since) as asked
    join pipeline_tick as tick on function_name = wanted_function
      and at >= coalesce(date_bin(make_interval(secs => step_seconds), since, to_timestamp(0)), since)
    group by 1
  )
  select "from", batches, records, (select sum(count)::bigint from unnest(counts) as count), greatest_ms,
    latency_quantile(0.5, counts, greatest_ms), latency_quantile(0.99, counts, greatest_ms)
  from step order by 1
$$;
