import { type ClockedProcess, type ClockState, RIGHT_CLOCK } from './clock/process-clocks.ts';
import type { Fault } from './fault.ts';
import type { FaultyStack } from './faulty-stack.ts';

const DAY_MS = 86_400_000;
const TWO_DAYS_MS = 2 * DAY_MS;
const YEAR_MS = 365 * DAY_MS;
const ASLEEP_MS = 15_000;

/** The data must flow, whatever the status says. */
const NOTHING = /(?!)/;
const CLOCKS_DIFFER = /clocks of the servers to agree/;

/** The clock stays wrong until the schedule has started the next poller. */
function functionsClock(name: string, state: ClockState): Fault {
  return {
    name: `the clock of the functions ${name}`,
    expected: NOTHING,
    told: CLOCKS_DIFFER,
    break: async (stack) => {
      stack.setClock('functions', state);
      await stack.untilHandedOver();
    },
    mend: (stack) => stack.setClock('functions', RIGHT_CLOCK),
  };
}

function s3Clock(name: string, aheadMs: number): Fault {
  return {
    name: `the clock of S3 ${name}`,
    expected: NOTHING,
    told: CLOCKS_DIFFER,
    break: (stack) => stack.setClock('s3', { aheadMs, isFrozen: false }),
    mend: (stack) => stack.setClock('s3', RIGHT_CLOCK),
  };
}

function databaseClock(database: 'source' | 'target', name: string, aheadMs: number): Fault {
  return {
    name: `the clock of ${database === 'source' ? 'A' : 'B'} ${name}`,
    expected: NOTHING,
    told: CLOCKS_DIFFER,
    break: (stack) => stack.setDatabaseClock(database, aheadMs),
    mend: (stack) => stack.setDatabaseClock(database, 0),
  };
}

async function setAll(stack: FaultyStack, aheadMs: number): Promise<void> {
  for (const name of ['functions', 's3', 'status'] as const) stack.setClock(name, { aheadMs, isFrozen: false });
  await Promise.all([stack.setDatabaseClock('source', aheadMs), stack.setDatabaseClock('target', aheadMs)]);
}

/** Kafka and DynamoDB keep the machine's clock, because a JVM has no other. */
function allClocks(name: string, aheadMs: number): Fault {
  return {
    name: `all clocks but those of Kafka and DynamoDB ${name}`,
    expected: NOTHING,
    break: (stack) => setAll(stack, aheadMs),
    mend: (stack) => setAll(stack, 0),
  };
}

/** Something else that needs attention must be told in spite of a wrong clock. */
function besides(process: ClockedProcess, name: string, state: ClockState): Fault {
  return {
    name: `a table of B is renamed and the clock of the ${process} ${name}`,
    expected: /employees/,
    break: async (stack) => {
      stack.setClock(process, state);
      await stack.target('alter table employees rename to staff');
    },
    mend: async (stack) => {
      stack.setClock(process, RIGHT_CLOCK);
      await stack.target('alter table staff rename to employees');
    },
  };
}

const AHEAD = { aheadMs: TWO_DAYS_MS, isFrozen: false };
const BACK = { aheadMs: -TWO_DAYS_MS, isFrozen: false };
const FROZEN = { aheadMs: 0, isFrozen: true };

export const CLOCKS: readonly Fault[] = [
  functionsClock('is two days ahead', AHEAD),
  functionsClock('is two days back', BACK),
  functionsClock('is frozen', FROZEN),
  s3Clock('is two days ahead', TWO_DAYS_MS),
  s3Clock('is two days back', -TWO_DAYS_MS),
  databaseClock('source', 'is two days ahead', TWO_DAYS_MS),
  databaseClock('source', 'is two days back', -TWO_DAYS_MS),
  databaseClock('target', 'is a year ahead', YEAR_MS),
  databaseClock('target', 'is two days back', -TWO_DAYS_MS),
  allClocks('are a year ahead', YEAR_MS),
  allClocks('are a year back', -YEAR_MS),
  {
    name: 'the machine sleeps, and the clock goes on by eight hours',
    expected: NOTHING,
    break: async (stack) => {
      const aheadMs = 8 * 3_600_000;
      await stack.sleep(ASLEEP_MS, () => {
        for (const name of ['functions', 's3', 'status'] as const) stack.setClock(name, { aheadMs, isFrozen: false });
      });
      await setAll(stack, aheadMs);
    },
    mend: (stack) => setAll(stack, 0),
  },
  besides('status', 'is two days ahead', AHEAD),
  besides('status', 'is two days back', BACK),
  besides('functions', 'is two days ahead', AHEAD),
  besides('functions', 'is two days back', BACK),
  besides('functions', 'is frozen', FROZEN),
];
