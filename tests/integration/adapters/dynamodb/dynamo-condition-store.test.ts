import { DynamoConditionReader } from '../../../../functions/adapters/dynamodb/dynamo-condition-reader.ts';
import { DynamoConditionStore } from '../../../../functions/adapters/dynamodb/dynamo-condition-store.ts';
import { describeConditionStore } from '../../../contract/condition-store.ts';
import { createOffsetTable } from '../../../support/cdc/resources.ts';
import { createPatientDynamoClient } from '../../../support/cdc/wiring.ts';
import { endpoints } from '../../../support/servers.ts';

const DAY_MS = 86_400_000;
const { endpoint } = endpoints().dynamodb;
const client = createPatientDynamoClient(endpoint);
afterAll(() => client.destroy());

/** Sets the clock of this process, and nothing else of its timers. */
function setClock(aheadMs: number): void {
  const timers = [
    'setTimeout',
    'setInterval',
    'setImmediate',
    'clearTimeout',
    'clearInterval',
    'clearImmediate',
  ] as const;
  const others = ['nextTick', 'queueMicrotask', 'performance', 'hrtime'] as const;
  jest.useRealTimers();
  jest.useFakeTimers({ now: Date.now() + aheadMs, doNotFake: [...timers, ...others] });
}
afterEach(() => jest.useRealTimers());

test.each([
  ['ahead of', DAY_MS],
  ['behind', -DAY_MS],
])(
  'a condition is current for a reader although the clock of its reporter is %s the one of the reader',
  async (_, aheadMs) => {
    const table = await createOffsetTable(endpoint);
    const reporter = createPatientDynamoClient(endpoint);
    setClock(aheadMs);
    const store = new DynamoConditionStore(reporter, table);
    await store.report({ id: 'apply-changes', code: 'PIPE_RETRYING', message: 'waits' });
    await store.report({ id: 'apply-changes', code: 'PIPE_RETRYING', message: 'still waits' });
    reporter.destroy();
    jest.useRealTimers();
    const [condition] = await new DynamoConditionReader(client, table).read();
    expect(condition?.message).toBe('still waits');
    expect(Math.abs(Date.now() - (condition?.since.getTime() ?? 0))).toBeLessThan(60_000);
  },
);

describeConditionStore('DynamoConditionStore', async (now) => {
  const table = await createOffsetTable(endpoint);
  const read = async () => {
    const conditions = await new DynamoConditionReader(client, table, now).read();
    return conditions.map((condition) => ({ ...condition, since: condition.since.toISOString() }));
  };
  return { store: new DynamoConditionStore(client, table, now), read };
});
