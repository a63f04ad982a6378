import { isInvalidValue } from '../../functions/core/classify-error.ts';
import { SchemaError } from '../../functions/core/errors.ts';
import { parseHireDate } from '../../functions/core/hire-date.ts';
import type { PipelineTick } from '../../functions/core/pipeline-tick.ts';
import { areRowsAtFault } from '../../functions/core/refused-rows.ts';
import type { ReceivedSalary } from '../../functions/core/salary-record.ts';
import type { LoadOutcome, RefusedSalary, SalaryTables } from '../../functions/ports/salary-tables.ts';
import { InMemoryPipelineHistory } from './in-memory-pipeline-history.ts';
import type { IngestedFile, InMemorySalaryDatabase } from './in-memory-salary-database.ts';

/** The salary tables in memory. */
export class InMemorySalaryTables implements SalaryTables {
  readonly #database: InMemorySalaryDatabase;
  /** While set, every call throws it. */
  outage: Error | undefined;
  /** Rows that the tables refuse, as a constraint of the database would. */
  refuses: (received: ReceivedSalary) => boolean = () => false;
  /** Number of rows in each call of `load`. */
  readonly batchSizes: number[] = [];
  /** Number of rows in each call of `recordRefused`. */
  readonly refusedBatchSizes: number[] = [];
  readonly history = new InMemoryPipelineHistory();

  constructor(database: InMemorySalaryDatabase) {
    this.#database = database;
  }

  async load(batch: readonly ReceivedSalary[], ticks: readonly PipelineTick[] = []): Promise<LoadOutcome> {
    this.batchSizes.push(batch.length);
    const outcome = await this.#database.transaction(() => this.#load(batch));
    this.history.record(ticks);
    return outcome;
  }

  /** The schema is at fault when `refuses` refuses rows, and none was loaded. */
  async judgeRefused(refused: readonly RefusedSalary[], acceptedCount: number): Promise<void> {
    const isAtFault = await areRowsAtFault({
      ...{ refusedInBatch: refused.length, refusedInARow: refused.length, acceptedInBatch: acceptedCount },
      ...{ acceptedSince: false, isColumnUnfit: false },
      isValueInvalid: refused.every(({ error }) => isInvalidValue(error)),
      holdsAcceptedRows: async () => false,
    });
    if (!isAtFault) throw new SchemaError('the target refuses all rows');
  }

  async recordRefused(batch: readonly ReceivedSalary[]): Promise<void> {
    this.refusedBatchSizes.push(batch.length);
    await this.#database.transaction(() => {
      if (this.outage) throw this.outage;
      for (const { salary, wasRejected = false } of batch) {
        const file = this.#database.findFile(salary);
        if (!file || !this.#database.isCurrent(file) || (wasRejected && !file.isEnded)) continue;
        if (file.rows.has(salary.rowNumber) || file.refusedRows.has(salary.rowNumber)) continue;
        if (wasRejected) moveToSent(file);
        file.refusedRows.add(salary.rowNumber);
        file.refusedCount += 1;
        file.heartbeatAt = new Date();
        this.#database.completeWhenDone(file);
      }
    });
  }

  #load(batch: readonly ReceivedSalary[]): LoadOutcome {
    if (this.outage) throw this.outage;
    const unregistered = batch.filter(({ salary }) => !this.#database.findFile(salary));
    const current = batch.flatMap(({ salary, wasRejected = false }) => {
      const file = this.#database.findFile(salary);
      const canLoad = file && this.#database.isCurrent(file) && (file.isEnded || !wasRejected);
      return canLoad ? [{ file, salary, wasRejected }] : [];
    });
    for (const { salary } of current) {
      // As PostgreSQL does: its date type has no such day, and its message quotes the value.
      if (parseHireDate(salary.hireDate) === salary.hireDate) continue;
      throw Object.assign(new Error(`date/time field value out of range: "${salary.hireDate}"`), { code: '22008' });
    }
    if (batch.some((item) => this.refuses(item))) {
      throw Object.assign(new Error('refused by a constraint'), { code: '23514', constraint: 'rule' });
    }
    let loaded = 0;
    for (const { file, salary, wasRejected } of current) {
      if (file.rows.has(salary.rowNumber)) continue;
      if (file.refusedRows.delete(salary.rowNumber)) file.refusedCount -= 1;
      else if (wasRejected) moveToSent(file);
      file.rows.set(salary.rowNumber, salary);
      file.loadedCount += 1;
      file.heartbeatAt = new Date();
      this.#database.completeWhenDone(file);
      loaded += 1;
    }
    return { loaded, skipped: batch.length - unregistered.length - loaded, unregistered };
  }
}

function moveToSent(file: IngestedFile): void {
  const { rejected, filteredOut, sent } = file.counts;
  const isRejected = rejected > 0;
  file.counts = {
    ...file.counts,
    sent: sent + 1,
    rejected: isRejected ? rejected - 1 : rejected,
    filteredOut: isRejected ? filteredOut : filteredOut - 1,
  };
}
