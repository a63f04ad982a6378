import type { ReceivedSalary } from '../../functions/core/salary-record.ts';
import { handler } from '../../functions/load-salaries/handler.ts';
import { SalaryLoader } from '../../functions/load-salaries/salary-loader.ts';
import { createTickRecorder } from '../../functions/runtime/tick-recorder.ts';
import event from '../fixtures/events/msk-employee-salaries.json' with { type: 'json' };
import '../support/hidden-output.ts';
import { InMemoryDeadLetterQueue } from '../support/in-memory-dead-letter-queue.ts';
import { lambdaContext } from '../support/lambda-context.ts';

const context = lambdaContext('load-salaries');

/** The handler as it is deployed, on doubles instead of PostgreSQL and Kafka. */
function connectLoadSalaries() {
  const load = jest.fn(async (batch: readonly ReceivedSalary[]) => {
    return { loaded: batch.length, skipped: 0, unregistered: [] };
  });
  const tables = { load, judgeRefused: async () => {}, recordRefused: async () => {} };
  const deadLetters = new InMemoryDeadLetterQueue();
  const loader = new SalaryLoader(tables, deadLetters, createTickRecorder('load-salaries'));
  const loadSalaries = handler.withDependencies((telemetry) => ({ ...telemetry, loader }));
  return { load, deadLetters: deadLetters.deadLetters, loadSalaries };
}

it('loads the salaries of an event, and makes a dead letter of each record that it can never read', async () => {
  const { load, deadLetters, loadSalaries } = connectLoadSalaries();
  await loadSalaries(event, context);
  expect(load.mock.lastCall?.[0]).toMatchObject([{ salary: { department: 'EMS', salary: 50_000 } }]);
  expect(deadLetters).toMatchObject([
    { code: 'PIPE_SALARY_RECORD', origin: { topic: 'employee-salaries', partition: 0, offset: '16' } },
    { code: 'PIPE_SALARY_RECORD', origin: { topic: 'employee-salaries', partition: 1, offset: '7' } },
  ]);
});

it('fails while the database is unreachable, so that Lambda delivers the event again, and makes no dead letter', async () => {
  const { load, deadLetters, loadSalaries } = connectLoadSalaries();
  load.mockRejectedValueOnce(new Error('database is unreachable'));
  await expect(loadSalaries(event, context)).rejects.toThrow('database is unreachable');
  expect(deadLetters).toEqual([]);
});
