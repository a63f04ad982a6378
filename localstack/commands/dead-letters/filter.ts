import { InvalidArgumentError } from '@commander-js/extra-typings';
import { DEAD_LETTER_STATES, type DeadLetterState } from '../../../functions/core/dead-letter-entry.ts';
import { CHANGES_DEAD_LETTER_TOPIC, SALARIES_DEAD_LETTER_TOPIC } from '../../../functions/core/topics.ts';
import type { DeadLetterFilter, DeadLetterLedger } from '../../../functions/ports/dead-letter-ledger.ts';
import { nearestName } from '../terminal/nearest-name.ts';
import { UsageError } from '../terminal/program.ts';

const TOPICS = [CHANGES_DEAD_LETTER_TOPIC, SALARIES_DEAD_LETTER_TOPIC];
const SUFFIX = '.dead-letter';

export const STATE_CHOICES = [...DEAD_LETTER_STATES, 'all'];

/** Those that wait for an operator. */
const WAITING: readonly DeadLetterState[] = ['open', 'parked'];

export interface FilterOptions {
  readonly code?: string | undefined;
  readonly key?: string | undefined;
  readonly file?: string | undefined;
  readonly topic?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  readonly state?: string | undefined;
}

/** @throws UsageError for a topic that has no dead letters. */
export function filterOf({ code, topic, state, ...others }: FilterOptions): DeadLetterFilter {
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(given),
    ...(code !== undefined && { codes: [code] }),
    ...(topic !== undefined && { topics: [deadLetterTopicOf(topic)] }),
    ...(state !== 'all' && { states: state === undefined ? WAITING : [state as DeadLetterState] }),
  };
}

function deadLetterTopicOf(topic: string): string {
  const name = topic.endsWith(SUFFIX) ? topic : topic + SUFFIX;
  if (TOPICS.includes(name)) return name;
  const nearest = nearestName(name, TOPICS);
  const found = `Expected ${TOPICS.join(' or ')} as the topic, found "${topic}".`;
  throw new UsageError(nearest === undefined ? found : `${found} Did you mean ${nearest}?`);
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time, or how long ago it was: `90s`, `15min`, `2h`, `3d`. */
export function timeOf(text: string, _previous?: unknown, now = Date.now()): Date {
  const [, count, unit = ''] = /^(\d{1,6}) ?(s|min|h|d)$/.exec(text) ?? [];
  const time = count === undefined ? Date.parse(text) : now - Number(count) * (UNITS_MS[unit] ?? 0);
  if (!Number.isNaN(time) && (count !== undefined || /^\d{4}-\d\d-\d\d/.test(text))) return new Date(time);
  throw new InvalidArgumentError(
    'Expected a time such as 2026-11-26T10:00Z, or how long ago, such as 90s, 15min, 2h or 3d.',
  );
}

/** @throws UsageError with the nearest names when no dead letter, in whatever state, has the code. */
export async function requireKnownCode(ledger: Pick<DeadLetterLedger, 'count'>, code: string): Promise<void> {
  const known = [...new Set((await ledger.count({})).map((count) => count.code))].sort();
  if (known.includes(code)) return;
  const nearest = nearestName(code, known);
  const hint =
    known.length === 0
      ? 'There are no dead letters.'
      : nearest === undefined
        ? `Those that there are: ${known.join(', ')}.`
        : `Did you mean ${nearest}?`;
  throw new UsageError(`Expected the code of a dead letter, found "${code}", which none has. ${hint}`);
}
