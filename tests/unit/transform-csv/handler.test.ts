import type { TransformOutcome } from '../../../functions/transform-csv/csv-transformer.ts';
import { handler } from '../../../functions/transform-csv/handler.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

const arrival = { bucket: 'b', key: 'a.csv', version: '1', versionId: '1', sequencer: '1', eTag: 'e', sizeBytes: 1 };
const counts = { read: 3, filteredOut: 0, rejected: 1, sent: 2 };

/** What the function writes for CloudWatch when a file ends in a state. */
async function metricsOf(outcome: TransformOutcome): Promise<Record<string, unknown>[]> {
  const output = captureOutput();
  const transformer = { transform: async () => outcome, continueInNewInvocation: async () => {} };
  const transformCsv = handler.withDependencies(({ logger, metrics }) => ({ transformer, logger, metrics }) as never);
  await transformCsv({ arrival }, lambdaContext('employee-streams-dev-transform-csv'));
  return output.restore().filter((line) => '_aws' in line);
}

it('counts a file that is rejected as a whole, so that an alarm rings', async () => {
  const none = { read: 0, filteredOut: 0, rejected: 0, sent: 0 };
  expect(await metricsOf({ state: 'rejected', counts: none })).toMatchObject([{ FilesRejected: 1, RowsRejected: 0 }]);
});

it('counts the rows of a file that is complete, and no rejected file', async () => {
  const [line] = await metricsOf({ state: 'complete', counts });
  expect(line).toMatchObject({ RowsSent: 2, RowsRejected: 1 });
  expect(line).not.toHaveProperty('FilesRejected');
});
