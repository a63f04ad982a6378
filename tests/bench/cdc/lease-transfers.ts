import { readFile } from 'node:fs/promises';

interface LogLine {
  readonly service?: string;
  readonly message?: string;
  readonly timestamp?: string;
  readonly outcome?: string;
  readonly lastReadMsAgo?: number;
}

/** For each transfer of the lease, the milliseconds between the last read of the predecessor and the successor's first. */
export async function readLeaseTransferGaps(functionsLog: string): Promise<number[]> {
  const lines = (await readFile(functionsLog, 'utf8')).split('\n').flatMap(parse);
  const startedAt = lines.filter(({ message }) => message === 'polling started').map(timeOf);
  return lines
    .filter(({ message, outcome }) => message === 'polling ended' && outcome === 'lease-transferred')
    .flatMap((line) => {
      const lastReadAt = timeOf(line) - (line.lastReadMsAgo ?? Number.NaN);
      const next = startedAt.find((at) => at > lastReadAt);
      return next === undefined ? [] : [next - lastReadAt];
    });
}

function timeOf({ timestamp }: LogLine): number {
  return Date.parse(timestamp ?? '');
}

/** Lines of serverless-offline itself are not JSON. */
function parse(line: string): LogLine[] {
  try {
    const parsed = JSON.parse(line) as LogLine;
    return parsed.service === 'poll-changes' ? [parsed] : [];
  } catch {
    return [];
  }
}
