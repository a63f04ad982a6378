import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeadLetter } from '../../../functions/core/dead-letter.ts';
import type { ReceivedSalary } from '../../../functions/core/salary-record.ts';
import { handler } from '../../../functions/load-salaries/handler.ts';
import { SalaryLoader } from '../../../functions/load-salaries/salary-loader.ts';
import type { KafkaEvent } from '../../../functions/runtime/kafka-event.ts';
import { captureOutput, withoutTimes } from '../../support/captured-output.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

const context = lambdaContext('employee-streams-dev-load-salaries');
const event = () =>
  JSON.parse(readFileSync(join(__dirname, '../../fixtures/events/msk-employee-salaries.json'), 'utf8')) as KafkaEvent;

/** The handler with tables and dead letters in memory. */
function connectToMemory(load: (batch: readonly ReceivedSalary[]) => Promise<void> = async () => {}) {
  const letters: DeadLetter[] = [];
  const batches: (readonly ReceivedSalary[])[] = [];
  const tables = {
    load: async (batch: readonly ReceivedSalary[]) => {
      await load(batch);
      batches.push(batch);
      return { loaded: batch.length, skipped: 0, unregistered: [] };
    },
    recordRefused: async () => {},
  };
  const deadLetters = { publish: async (more: readonly DeadLetter[]) => void letters.push(...more) };
  const connected = handler.withDependencies(({ logger, metrics }) => ({
    loader: new SalaryLoader(tables, deadLetters),
    logger,
    metrics,
  }));
  return { connected, letters, batches };
}

describe('load-salaries', () => {
  it('loads what a Kafka event brings, and dead-letters what it cannot read', async () => {
    const output = captureOutput();
    const { connected, letters, batches } = connectToMemory();
    await connected(event(), context);
    const lines = output.restore();
    expect(batches).toMatchObject([[{ salary: { rowNumber: 1, department: 'EMS', salary: 50_000 } }]]);
    expect(letters).toMatchObject([
      { code: 'PIPE_SALARY_RECORD', origin: { topic: 'employee-salaries', partition: 0, offset: '16' } },
      { code: 'PIPE_SALARY_RECORD', origin: { topic: 'employee-salaries', partition: 1, offset: '7' } },
    ]);
    expect(lines).toContainEqual(expect.objectContaining({ RowsLoaded: 1, RecordsDeadLettered: 2 }));
    expect(withoutTimes(lines)).not.toMatch(/50000|Medic/);
  });

  it('fails as a whole when the database is away, so that the event comes again', async () => {
    const output = captureOutput();
    const { connected, letters } = connectToMemory(() => Promise.reject(new Error('away')));
    await expect(connected(event(), context)).rejects.toThrow('away');
    output.restore();
    expect(letters).toEqual([]);
  });

  it('names what is missing in its environment', async () => {
    const output = captureOutput();
    await expect(handler(event(), context)).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
    expect(output.restore()).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/KAFKA_BROKERS: is required.*TARGET_DATABASE_URL/) }),
    );
  });
});
