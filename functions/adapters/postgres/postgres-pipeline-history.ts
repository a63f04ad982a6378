import type { HistorySpan, PipelineHistory } from '../../ports/pipeline-history.ts';
import type { Database } from './database.ts';

interface SpanRow {
  readonly from: string;
  readonly batches: string;
  readonly records: string;
  readonly greatest_ms: string | null;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
}

/** Smaller: more steps after an outage of the function that thins. Larger: a step takes longer. */
const STEP_MINUTES = 30;
const STEP_ROWS = 10_000;

const COUNTS = [
  ...['batches', 'records', 'ms_5', 'ms_10', 'ms_25', 'ms_50', 'ms_75', 'ms_100', 'ms_250', 'ms_500', 'ms_750'],
  ...['ms_1000', 'ms_2500', 'ms_5000', 'ms_7500', 'ms_10000', 'ms_more'],
];

/** Whole minutes only, from the oldest one on. Another call that thins the same ones finds them deleted. */
const ADD_UP_MINUTES = `
  with oldest as (
    select date_trunc('minute', min(at)) as minute from pipeline_tick where writer <> 0
  ), old as (
    delete from pipeline_tick using oldest
    where writer <> 0 and at < minute + make_interval(mins => ${STEP_MINUTES})
      and at < date_trunc('minute', clock_timestamp() - interval '1 hour')
    returning pipeline_tick.*
  ), added as (
    insert into pipeline_tick as minute (function_name, at, writer, greatest_ms, ${COUNTS.join(', ')})
    select function_name, date_trunc('minute', at), 0, max(greatest_ms), ${COUNTS.map((name) => `sum(${name})`).join(', ')}
    from old group by 1, 2
    on conflict (function_name, at, writer) do update set
      greatest_ms = greatest(minute.greatest_ms, excluded.greatest_ms),
      ${COUNTS.map((name) => `${name} = minute.${name} + excluded.${name}`).join(', ')})
  select exists (
    select from oldest where minute + make_interval(mins => ${STEP_MINUTES}) < clock_timestamp() - interval '61 minutes'
  ) as "isMoreLeft"`;

const DELETE_OLD = `
  delete from pipeline_tick where ctid = any (array(
    select ctid from pipeline_tick where at < clock_timestamp() - interval '1 day' limit ${STEP_ROWS}))`;

export class PostgresPipelineHistory implements PipelineHistory {
  readonly #database: Pick<Database, 'query'>;

  constructor(database: Pick<Database, 'query'>) {
    this.#database = database;
  }

  async series(functionName: string, seconds: number, stepSeconds: number): Promise<readonly HistorySpan[]> {
    return this.#read(functionName, seconds, stepSeconds);
  }

  async total(functionName: string, seconds: number): Promise<HistorySpan> {
    const [span] = await this.#read(functionName, seconds, null);
    return span ?? { fromMs: Date.now() - seconds * 1_000, batches: 0, records: 0, latency: null };
  }

  async thin(): Promise<boolean> {
    const { rows } = await this.#database.query<{ isMoreLeft: boolean }>(ADD_UP_MINUTES);
    const { rowCount } = await this.#database.query(DELETE_OLD);
    return rows[0]?.isMoreLeft === true || rowCount === STEP_ROWS;
  }

  async #read(functionName: string, seconds: number, stepSeconds: number | null): Promise<HistorySpan[]> {
    const { rows } = await this.#database.query<SpanRow & Record<string, unknown>>(
      'select * from pipeline_history($1, $2, $3)',
      [functionName, seconds, stepSeconds],
      'read-pipeline-history',
    );
    return rows.map((row) => ({
      fromMs: new Date(row.from).getTime(),
      batches: Number(row.batches),
      records: Number(row.records),
      latency:
        row.p50_ms === null || row.p99_ms === null
          ? null
          : { p50Ms: row.p50_ms, p99Ms: row.p99_ms, greatestMs: Number(row.greatest_ms) },
    }));
  }
}
