import type { ReceivedSalary } from '../../../functions/core/salary-record.ts';
import { handler } from '../../../functions/load-salaries/handler.ts';
import { SalaryLoader } from '../../../functions/load-salaries/salary-loader.ts';
import { createTickRecorder } from '../../../functions/runtime/tick-recorder.ts';
import event from '../../fixtures/events/msk-employee-salaries.json' with { type: 'json' };
import { captureOutput, withoutTimes } from '../../support/captured-output.ts';
import { InMemoryDeadLetterQueue } from '../../support/in-memory-dead-letter-queue.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

const context = lambdaContext('employee-streams-dev-load-salaries');

// tests/examples/load-salaries.test.ts has what it does with an event.
describe('load-salaries', () => {
  it('publishes the metrics of an event, and logs no value of a row', async () => {
    const tables = {
      load: async (batch: readonly ReceivedSalary[]) => ({ loaded: batch.length, skipped: 0, unregistered: [] }),
      judgeRefused: async () => {},
      recordRefused: async () => {},
    };
    const loader = new SalaryLoader(tables, new InMemoryDeadLetterQueue(), createTickRecorder('load-salaries'));
    const output = captureOutput();
    await handler.withDependencies((telemetry) => ({ ...telemetry, loader }))(event, context);
    const lines = output.restore();
    expect(lines).toContainEqual(
      expect.objectContaining({
        RowsLoaded: 1,
        RecordsDeadLettered: 2,
        RowLatencyP50: expect.any(Number),
        RowLatencyP99: expect.any(Number),
        RowLatencyMax: expect.any(Number),
      }),
    );
    expect(withoutTimes(lines)).not.toMatch(/50000|Medic/);
  });

  it('names the variables that are missing in its environment', async () => {
    const output = captureOutput();
    await expect(handler(event, context)).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
    expect(output.restore()).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/KAFKA_BROKERS: is required.*TARGET_DATABASE_URL/) }),
    );
  });
});
