/** A redrive in a process of its own, which kills itself at a step. */
import pg from 'pg';
import { PostgresRedriveLedger } from '../../functions/adapters/postgres/postgres-redrive-ledger.ts';
import { PostgresRedriveOutcomes } from '../../functions/adapters/postgres/postgres-redrive-outcomes.ts';
import { LocatedPublisher } from '../../functions/redrive/located-publisher.ts';
import { openRedrive, type RedriveSettings } from '../../functions/redrive/wiring.ts';
import { dieAtCall, parseStep, prototypeWith } from './die-at-call.ts';
import { InMemoryFunctionInvoker } from './in-memory-function-invoker.ts';
import { InMemoryObjectStore } from './in-memory-object-store.ts';
import { RecordingLogger } from './recording-logger.ts';

export interface RedriveTask {
  readonly settings: Pick<RedriveSettings, 'changes' | 'salaries' | 'kafka' | 'targetDatabase'>;
  readonly action: 'plan' | 'run' | 'settle';
  /** Dead letters a second; a batch has half of them. */
  readonly rate: number;
  /** When the process dies, e.g. `after publish 2`: when the second call has ended. A `commit` is that of a transaction. */
  readonly diesAt: string;
}

/** What the steps are named after. */
const CLASSES = [PostgresRedriveLedger, PostgresRedriveOutcomes, LocatedPublisher];

const { settings, action, rate, diesAt } = JSON.parse(process.argv[2] ?? '') as RedriveTask;
process.on('disconnect', () => process.exit(0));
const unused = new InMemoryFunctionInvoker();
const { ledger, redriver, settler } = await openRedrive({
  ...settings,
  ...{ transformCsv: unused, redrive: unused, store: new InMemoryObjectStore(), logger: new RecordingLogger() },
  ...{ marginMs: 0, filter: { departments: new Set<string>(), hiredSince: '2010-01-01' } },
  clock: { monotonicMs: () => performance.now(), sleep: async () => {} },
});
const { method, ...death } = parseStep(diesAt);
if (method === 'commit') dieAtCall(pg.Client.prototype, 'query', { ...death, counts: ([query]) => query === 'commit' });
else dieAtCall(prototypeWith(method, CLASSES), method, death);
if (action === 'plan') await ledger.plan({ filter: {}, note: null, rate });
else if (action === 'settle') await settler.settle();
else await redriver.run((await ledger.find())?.redriveId ?? '', 'killed', { remainingMs: () => 900_000 });
process.exit(0);
