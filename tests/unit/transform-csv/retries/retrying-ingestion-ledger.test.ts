import type { IngestionLedger } from '../../../../functions/ports/ingestion-ledger.ts';
import { RetryingIngestionLedger } from '../../../../functions/transform-csv/retries/retrying-ingestion-ledger.ts';
import { describeIngestionLedger } from '../../../contract/ingestion-ledger.ts';
import { arrivalOf, countsOf } from '../../../contract/salary-database.ts';
import { emptyInMemorySalaryDatabase } from '../../../support/in-memory-salary-database-under-test.ts';
import { FailingSteps } from './failing-steps.ts';

const file = arrivalOf('a.csv', '1');
const counts = countsOf(1);
const isLatest = async () => true;

describeIngestionLedger('RetryingIngestionLedger', async () => {
  const subject = await emptyInMemorySalaryDatabase();
  return { ...subject, ledger: new RetryingIngestionLedger(subject.ledger, new FailingSteps(0).dependencies) };
});

describe('RetryingIngestionLedger', () => {
  it.each<[keyof IngestionLedger, (ledger: IngestionLedger) => Promise<unknown>]>([
    ['register', (ledger) => ledger.register(file, isLatest)],
    ['takeOver', (ledger) => ledger.takeOver(file, isLatest)],
    ['reopen', (ledger) => ledger.reopen(file, isLatest)],
    ['reportProgress', (ledger) => ledger.reportProgress(file, counts)],
    ['finish', (ledger) => ledger.finish(file, counts)],
    ['reject', (ledger) => ledger.reject(file)],
    ['supersede', (ledger) => ledger.supersede(file)],
  ])('retries %s and returns its result', async (method, call) => {
    const steps = new FailingSteps(3);
    const results = {
      register: 'loading',
      takeOver: 'superseded',
      reopen: 'unchanged',
      reportProgress: 'loading',
      finish: 'complete',
      reject: undefined,
      supersede: undefined,
    } as const;
    const failing: IngestionLedger = {
      register: steps.step('register', results.register),
      takeOver: steps.step('takeOver', results.takeOver),
      reopen: steps.step('reopen', results.reopen),
      reportProgress: steps.step('reportProgress', results.reportProgress),
      finish: steps.step('finish', results.finish),
      reject: steps.step('reject', results.reject),
      supersede: steps.step('supersede', results.supersede),
    };
    expect(await call(new RetryingIngestionLedger(failing, steps.dependencies))).toBe(results[method]);
    expect(steps.attempts).toEqual([method, method, method, method]);
    expect(steps.retried).toEqual([method, method, method]);
  });
});
