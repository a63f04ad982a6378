import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../../functions/core/errors.ts';
import type { OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import { handler } from '../../../functions/poll-changes/handler.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { ModelLedger } from '../../support/cdc/model-ledger.ts';
import { ModelSource } from '../../support/cdc/model-source.ts';
import { until } from '../../support/cdc/until.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

const event = JSON.parse(readFileSync(join(__dirname, '../../fixtures/events/schedule-poll-changes.json'), 'utf8'));
/** What the handler keeps back of its time, and a little to poll in. */
const SHORT_MS = 5_300;
const contextFor = (remainingMs: number) => lambdaContext('employee-streams-dev-poll-changes', remainingMs);

/** The handler with source, topic and ledger in memory. */
function connectToMemory() {
  const source = new ModelSource(1_000);
  const ledger = new ModelLedger();
  const published: OutgoingRecord[] = [];
  const reachAll = jest.fn(async () => 2);
  const connected = handler.connectedBy(({ logger, metrics }) => ({
    config: { POLLER_LEASE_MS: 6_000, CDC_RETENTION_HOURS: 1, CDC_PURGE_SECONDS: 60 },
    source,
    publisher: { publish: async (records: readonly OutgoingRecord[]) => void published.push(...records) },
    ledger,
    reachAll,
    logger,
    metrics,
  }));
  const write = () => {
    const txid = source.begin();
    source.put(txid, { empId: 7, firstName: 'Ada', lastName: null, dob: null, city: null, salary: 50_000 });
    source.commit(txid);
  };
  const actions = () => published.map(({ value }) => (JSON.parse(String(value)) as { action: string }).action);
  return { connected, ledger, reachAll, write, actions };
}

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  output.restore();
});

test('polls from the event of the schedule until its time is up, and leaves the lease to the next one', async () => {
  const { connected, ledger, write, actions } = connectToMemory();
  write();
  const running = connected(event, contextFor(SHORT_MS));
  await until('the end of the snapshot', () => actions().includes('SNAPSHOT_END') || undefined);
  write();
  expect(await running).toMatchObject({ outcome: 'time is up', published: 2 });
  expect(actions()).toEqual(['SNAPSHOT', 'SNAPSHOT_END', 'SNAPSHOT_END', 'UPDATE']);
  expect(await ledger.read()).toMatchObject({ owner: '' });
  const lines = output.restore();
  expect(lines).toContainEqual(expect.objectContaining({ ChangesPublished: 2 }));
  expect(lines).toContainEqual(expect.objectContaining({ message: 'polling ends', lastReadMsAgo: expect.any(Number) }));
  expect(JSON.stringify(lines)).not.toMatch(/50000|Ada/);
});

test('is relieved by the next invocation, which is connected before it asks', async () => {
  const { connected, ledger, reachAll } = connectToMemory();
  const first = connected(event, contextFor(60_000));
  await until('the first one to poll', async () => (await ledger.read())?.position ?? undefined);
  const owner = (await ledger.read())?.owner;
  const gate = Promise.withResolvers<void>();
  reachAll.mockImplementationOnce(async () => {
    await gate.promise;
    expect(await ledger.read()).toMatchObject({ owner, requestedBy: null });
    return 2;
  });
  const second = connected(event, contextFor(6_800));
  gate.resolve();
  expect(await first).toMatchObject({ outcome: 'handed over' });
  expect(await second).toMatchObject({ outcome: 'time is up' });
});

test('begins a new snapshot when the event asks for one', async () => {
  const { connected, ledger, write, actions } = connectToMemory();
  write();
  await connected(event, contextFor(SHORT_MS));
  await connected({ resnapshot: true }, contextFor(SHORT_MS));
  expect(actions().filter((action) => action === 'SNAPSHOT')).toHaveLength(2);
  expect(await ledger.read()).toMatchObject({ resnapshot: null });
});

test('tries again to connect while it has time, and not at all what somebody has to set right', async () => {
  const { connected, reachAll, actions } = connectToMemory();
  reachAll.mockRejectedValueOnce(new Error('away'));
  expect(await connected(event, contextFor(SHORT_MS + 1_200))).toMatchObject({ outcome: 'time is up' });
  expect(actions()).toContain('SNAPSHOT_END');
  reachAll.mockRejectedValueOnce(new ConfigError('the source database must have the encoding UTF8'));
  await expect(connected(event, contextFor(60_000))).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
});

test('names what is missing in its environment', async () => {
  await expect(handler(event, contextFor(SHORT_MS))).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
  expect(output.restore()).toContainEqual(
    expect.objectContaining({ message: expect.stringMatching(/SOURCE_DATABASE_URL: is required.*OFFSET_TABLE/) }),
  );
});
