import { FailureReporter } from '../../../functions/runtime/failure-reporter.ts';
import { InMemoryConditionStore } from '../../support/in-memory-condition-store.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const record = (partition: number) => ({ group: 'g', topic: 't', partition, offset: '7' });
const WORK = [
  { id: 'apply-changes/t-0', waitingRecord: record(0) },
  { id: 'apply-changes/t-1', waitingRecord: record(1) },
];
const WITHOUT_KAFKA = [{ id: 'transform-csv/bucket/a.csv' }];

function createReporter() {
  const store = new InMemoryConditionStore();
  const logger = new RecordingLogger();
  return { store, logger, reporter: new FailureReporter('apply-changes', store, logger) };
}

it('reports each part of the work, and clears what succeeds', async () => {
  const { store, reporter } = createReporter();
  await reporter.failed(WORK, new Error('no connection'));
  expect(store.conditions).toMatchObject(WORK.map((item) => ({ ...item, code: 'PIPE_RETRYING' })));
  await reporter.succeeded(WORK.slice(0, 1));
  expect(store.conditions.map(({ id }) => id)).toEqual(['apply-changes/t-1']);
});

it('writes nothing when work succeeds that has not failed', async () => {
  const { store, reporter } = createReporter();
  const clear = jest.spyOn(store, 'clear');
  await reporter.succeeded(WITHOUT_KAFKA);
  await reporter.failed(WITHOUT_KAFKA, new Error('no'));
  await reporter.succeeded(WITHOUT_KAFKA);
  await reporter.succeeded(WITHOUT_KAFKA);
  expect(clear).toHaveBeenCalledTimes(1);
});

it('logs a condition that cannot be stored, and clears it again later', async () => {
  const { store, logger, reporter } = createReporter();
  await reporter.failed(WITHOUT_KAFKA, new Error('no'));
  jest.spyOn(store, 'clear').mockRejectedValueOnce(new Error('DynamoDB is away'));
  await reporter.succeeded(WITHOUT_KAFKA);
  expect(JSON.stringify(logger.entries)).toContain('DynamoDB is away');
  await reporter.succeeded(WITHOUT_KAFKA);
  expect(store.conditions).toEqual([]);
});
