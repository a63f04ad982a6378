import type { Database } from '../../../functions/adapters/postgres/database.ts';
import type { ObservedClock } from '../../../functions/core/observation.ts';

interface Clocked {
  /** Addresses of HTTP servers, whose responses have the header `Date`. */
  readonly http: Readonly<Record<string, string>>;
  readonly databases: Readonly<Record<string, Pick<Database, 'query'>>>;
}

const NOW = `select (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"`;

/** The clocks of the servers that say their time. Kafka has no request for it. */
export async function readClocks({ http, databases }: Clocked, signal: AbortSignal): Promise<ObservedClock[]> {
  const times = [
    ...Object.entries(http).map(async ([name, url]) => clockOf(name, await readHttpTime(url, signal))),
    ...Object.entries(databases).map(async ([name, database]) => {
      const { rows } = await database.query<{ nowMs: number }>(NOW);
      return clockOf(name, rows[0]?.nowMs ?? Number.NaN);
    }),
  ];
  const results = await Promise.allSettled(times);
  return results.flatMap((result) =>
    result.status === 'fulfilled' && !Number.isNaN(result.value.aheadMs) ? [result.value] : [],
  );
}

function clockOf(name: string, serverMs: number): ObservedClock {
  return { name, aheadMs: serverMs - Date.now() };
}

async function readHttpTime(url: string, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, { method: 'HEAD', signal });
  return Date.parse(response.headers.get('date') ?? '');
}
