import { SchemaError } from '../../../functions/core/errors.ts';
import { areRowsAtFault, type RefusalEvidence } from '../../../functions/core/refused-rows.ts';

export type Operation = 'write' | 'delete';

/** As PostgreSQL refuses a row. */
export const refusal = () =>
  Object.assign(new Error('refused by a constraint'), { code: '23514', constraint: 'rule', table: 'employees' });

/** What each operation has refused since it last succeeded. Outlives a transaction that is rolled back. */
export class InMemoryRefusals {
  readonly #byOperation = new Map<Operation, { readonly empIds: ReadonlySet<number>; readonly wasAccepted: boolean }>();

  recordAccepted(operations: readonly Operation[]): void {
    for (const operation of operations) {
      const earlier = this.#byOperation.get(operation);
      if (earlier) this.#byOperation.set(operation, { ...earlier, wasAccepted: true });
    }
  }

  /** Judges as PostgreSQL's adapter does, with one rule and without columns that do not fit. */
  async judge(
    operation: Operation,
    empIds: ReadonlySet<number>,
    evidence: Pick<RefusalEvidence, 'acceptedInBatch' | 'holdsAcceptedRows'>,
  ): Promise<void> {
    const earlier = this.#byOperation.get(operation);
    const inARow = new Set(earlier === undefined || earlier.wasAccepted ? empIds : [...empIds, ...earlier.empIds]);
    const isAtFault = await areRowsAtFault({
      ...evidence,
      refusedInBatch: empIds.size,
      refusedInARow: inARow.size,
      acceptedSince: earlier?.wasAccepted === true && [...empIds].every((empId) => earlier.empIds.has(empId)),
      isColumnUnfit: false,
      isValueInvalid: false,
    });
    this.#byOperation.set(operation, { empIds: inARow, wasAccepted: isAtFault && evidence.acceptedInBatch > 0 });
    if (!isAtFault) throw new SchemaError('the target refuses all rows');
  }
}
