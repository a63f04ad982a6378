import type { CapturedChange } from '../../functions/core/employee-change.ts';
import type { ChangeSource } from '../../functions/ports/change-source.ts';

/** A transaction of an application that writes employees. */
export interface SourceTransaction {
  /** Inserts the employee, or updates its salary. */
  put(empId: number, salary: number): Promise<void>;
  /** Inserts employees with the keys `firstEmpId`, `firstEmpId + 1`, … */
  insertMany(firstEmpId: number, count: number): Promise<void>;
  delete(empId: number): Promise<void>;
  truncate(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export interface ChangeSourceUnderTest {
  readonly source: ChangeSource;
  begin(): Promise<SourceTransaction>;
  /** Makes all captured changes older by this many hours. */
  age(hours: number): Promise<void>;
  close(): Promise<void>;
}

/** A source under test, with the steps that many tests need. */
export class ChangeSourceSubject {
  readonly #underTest: ChangeSourceUnderTest;

  constructor(underTest: ChangeSourceUnderTest) {
    this.#underTest = underTest;
  }

  get source(): ChangeSource {
    return this.#underTest.source;
  }

  begin(): Promise<SourceTransaction> {
    return this.#underTest.begin();
  }

  age(hours: number): Promise<void> {
    return this.#underTest.age(hours);
  }

  /** Writes in a transaction, and commits it. */
  async commit(write: (transaction: SourceTransaction) => Promise<void>): Promise<void> {
    const transaction = await this.begin();
    await write(transaction);
    await transaction.commit();
  }

  async put(empId: number, salary: number): Promise<void> {
    await this.commit((transaction) => transaction.put(empId, salary));
  }

  /** Each call also increments the save number. */
  async snapshotNow(): Promise<string> {
    return (await this.source.beginSnapshot(0n)).snapshot;
  }

  /** The changes since a snapshot, which must fit into one page. */
  async changesSince(since: string): Promise<readonly CapturedChange[]> {
    const { changes } = await this.source.readDifference(since);
    if (changes === null) throw new Error('expected one page of changes');
    return changes;
  }
}
