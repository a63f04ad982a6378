import { CsvTransformer } from '../../functions/transform-csv/csv-transformer.ts';
import { handler } from '../../functions/transform-csv/handler.ts';
import event from '../fixtures/events/s3-object-created-put.json' with { type: 'json' };
import '../support/hidden-output.ts';
import { InMemoryDeadLetterQueue } from '../support/in-memory-dead-letter-queue.ts';
import { InMemoryFunctionInvoker } from '../support/in-memory-function-invoker.ts';
import { InMemoryIngestionLedger } from '../support/in-memory-ingestion-ledger.ts';
import { InMemoryRecordPublisher } from '../support/in-memory-record-publisher.ts';
import { InMemorySalaryDatabase } from '../support/in-memory-salary-database.ts';
import { lambdaContext } from '../support/lambda-context.ts';
import { SleeplessClock } from '../support/sleepless-clock.ts';

const context = lambdaContext('transform-csv');

const CSV = `Department,Department-Division,Position Title,Initial Hire Date,Salary
EMS,Field,Medic,01-May-2012,50000.75
EMS,Field,Medic,01-May-2012,unknown
EMS,Field,Medic,31-Dec-2009,40000
`;

/** The handler with an object store that has this one file, and with the topics and the ledger of files in memory. */
function connectTransformCsv() {
  const open = jest.fn(async (_: unknown, byteOffset: number) => new Blob([CSV]).slice(byteOffset).stream());
  const publisher = new InMemoryRecordPublisher({ 'employee-salaries': 1 });
  const deadLetters = new InMemoryDeadLetterQueue();
  const transformCsv = handler.withDependencies((telemetry) => {
    const transformer = new CsvTransformer({
      ...{ publisher, deadLetters, logger: telemetry.logger, clock: new SleeplessClock(), marginMs: 30_000 },
      store: { open, isLatest: async () => true },
      ledger: new InMemoryIngestionLedger(new InMemorySalaryDatabase()),
      transformCsv: new InMemoryFunctionInvoker(),
      filter: { departments: new Set(['EMS']), hiredSince: '2010-01-01' },
    });
    return { ...telemetry, transformer };
  });
  return { open, publisher, deadLetters: deadLetters.deadLetters, transformCsv };
}

it('sends the rows that the filter keeps, and makes a dead letter of each row that it cannot use', async () => {
  const { publisher, deadLetters, transformCsv } = connectTransformCsv();
  await transformCsv(event, context);
  const sent = publisher.recordsOf('employee-salaries').map(({ value }) => JSON.parse(String(value)));
  expect(sent).toMatchObject([{ key: '2026/Employee Salaries + 100% Zürich.csv', rowNumber: 1, salary: 50_000 }]);
  expect(deadLetters).toMatchObject([{ code: 'PIPE_ROW_SALARY', origin: { line: 3 } }]);
});

it('fails while S3 is unreachable, so that Lambda delivers the event again, and makes no dead letter', async () => {
  const { open, deadLetters, transformCsv } = connectTransformCsv();
  open.mockRejectedValueOnce(new Error('S3 is unreachable'));
  await expect(transformCsv(event, context)).rejects.toThrow('S3 is unreachable');
  expect(deadLetters).toEqual([]);
});
