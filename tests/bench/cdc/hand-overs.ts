import { readFile } from 'node:fs/promises';

interface LogLine {
  readonly service?: string;
  readonly message?: string;
  readonly timestamp?: string;
  readonly outcome?: string;
  readonly lastReadMsAgo?: number;
}

/** Milliseconds in which nobody read the source, one figure for each time that one poller relieved another. */
export async function readHandOverGaps(functionsLog: string): Promise<number[]> {
  const lines = (await readFile(functionsLog, 'utf8')).split('\n').flatMap(parse);
  const begun = lines.filter(({ message }) => message === 'polling started').map(timeOf);
  return lines
    .filter(({ message, outcome }) => message === 'polling ended' && outcome === 'lease-transferred')
    .flatMap((line) => {
      const lastReadAt = timeOf(line) - (line.lastReadMsAgo ?? Number.NaN);
      const next = begun.find((at) => at > lastReadAt);
      return next === undefined ? [] : [next - lastReadAt];
    });
}

function timeOf({ timestamp }: LogLine): number {
  return Date.parse(timestamp ?? '');
}

/** What serverless-offline says in between is no JSON. */
function parse(line: string): LogLine[] {
  try {
    const parsed = JSON.parse(line) as LogLine;
    return parsed.service === 'poll-changes' ? [parsed] : [];
  } catch {
    return [];
  }
}
