import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { handler } from '../../../functions/load-salaries/handler.ts';
import { SalaryLoader } from '../../../functions/load-salaries/salary-loader.ts';
import type { KafkaEvent } from '../../../functions/runtime/kafka-event.ts';
import { createTickRecorder } from '../../../functions/runtime/tick-recorder.ts';
import { captureOutput, withoutTimes } from '../../support/captured-output.ts';
import { InMemoryDeadLetterQueue } from '../../support/in-memory-dead-letter-queue.ts';
import { InMemoryIngestionLedger } from '../../support/in-memory-ingestion-ledger.ts';
import { InMemorySalaryDatabase } from '../../support/in-memory-salary-database.ts';
import { InMemorySalaryTables } from '../../support/in-memory-salary-tables.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

const context = lambdaContext('employee-streams-dev-load-salaries');
const event = () =>
  JSON.parse(readFileSync(join(__dirname, '../../fixtures/events/msk-employee-salaries.json'), 'utf8')) as KafkaEvent;

/** The handler on ports in memory, with the file of the event registered as current. */
async function createRig() {
  const database = new InMemorySalaryDatabase();
  const tables = new InMemorySalaryTables(database);
  const deadLetters = new InMemoryDeadLetterQueue();
  const [{ value }] = event().records['employee-salaries-0'] as unknown as [{ value: string }];
  const { bucket, key, version } = JSON.parse(Buffer.from(value, 'base64').toString());
  const ledger = new InMemoryIngestionLedger(database);
  const file = { bucket, key, version, versionId: null, sequencer: null, eTag: 'e', sizeBytes: 1 };
  await ledger.register(file, async () => true);
  await ledger.takeOver(file, async () => true);
  const loadSalaries = handler.withDependencies(({ logger, metrics }) => ({
    loader: new SalaryLoader(tables, deadLetters, createTickRecorder('load-salaries')),
    logger,
    metrics,
  }));
  return { database, tables, deadLetters, file, loadSalaries };
}

describe('load-salaries', () => {
  it('loads the records of a Kafka event, and dead-letters those that it cannot read', async () => {
    const { database, deadLetters, file, loadSalaries } = await createRig();
    const output = captureOutput();
    await loadSalaries(event(), context);
    const lines = output.restore();
    expect([...database.file(file).rows.values()]).toMatchObject([{ rowNumber: 1, department: 'EMS', salary: 50_000 }]);
    expect(deadLetters.deadLetters).toMatchObject([
      { code: 'PIPE_SALARY_RECORD', origin: { topic: 'employee-salaries', partition: 0, offset: '16' } },
      { code: 'PIPE_SALARY_RECORD', origin: { topic: 'employee-salaries', partition: 1, offset: '7' } },
    ]);
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

  it('fails as a whole when the database is unreachable, so that the event is retried', async () => {
    const { tables, deadLetters, loadSalaries } = await createRig();
    const output = captureOutput();
    tables.outage = new Error('database is unreachable');
    await expect(loadSalaries(event(), context)).rejects.toThrow('database is unreachable');
    output.restore();
    expect(deadLetters.deadLetters).toEqual([]);
  });

  it('names the variables that are missing in its environment', async () => {
    const output = captureOutput();
    await expect(handler(event(), context)).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
    expect(output.restore()).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/KAFKA_BROKERS: is required.*TARGET_DATABASE_URL/) }),
    );
  });
});
