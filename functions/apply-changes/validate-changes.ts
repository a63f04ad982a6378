import { decodeChange, type ReceivedChange, undecodableSnapshot } from '../core/change-record.ts';
import { type ChangeRule, violatedRule } from '../core/change-rules.ts';
import { type DeadLetter, deadLetterOfRecord } from '../core/dead-letter.ts';
import { type EmployeeChange, isEmployeeChange } from '../core/employee-change.ts';
import { InputError } from '../core/errors.ts';
import type { KafkaRecord } from '../core/kafka-record.ts';
import type { RetainedEmployee } from '../ports/employee-replica.ts';

export interface ValidatedChanges {
  readonly valid: readonly ReceivedChange[];
  /** Changes that can be decoded, but violate a rule. */
  readonly violating: readonly ReceivedChange<EmployeeChange>[];
  /**
   * The employees of SNAPSHOT records that become dead letters. The source still has these employees, so they must not be
   * deleted with the older epochs when the snapshot ends.
   */
  readonly retained: readonly RetainedEmployee[];
  /** Of the records that cannot be decoded, and of the changes that violate a rule, in the order of the records. */
  readonly deadLetters: readonly DeadLetter[];
}

/** Validates each record by itself. A record older than what is applied already is validated like any other. */
export function validateChanges(records: readonly KafkaRecord[], rules: readonly ChangeRule[]): ValidatedChanges {
  const valid: ReceivedChange[] = [];
  const violating: ReceivedChange<EmployeeChange>[] = [];
  const retained: RetainedEmployee[] = [];
  const deadLetters: DeadLetter[] = [];
  for (const record of records) {
    try {
      const change = decodeChange(record);
      const rule = isEmployeeChange(change) && violatedRule(rules, change);
      if (isEmployeeChange(change) && rule) {
        violating.push({ change, record });
        retained.push(...retainedBySnapshot(change));
        const reason = `rule ${rule.name} expects ${rule.expectation}`;
        deadLetters.push(deadLetterOfRecord(record, rule.name, reason, rule.name));
      } else {
        valid.push({ change, record });
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const snapshot = undecodableSnapshot(record);
      if (snapshot !== undefined) retained.push(snapshot);
      deadLetters.push(deadLetterOfRecord(record, error.code, error.message));
    }
  }
  return { valid, violating, retained, deadLetters };
}

/** The employee of a change that is not applied: it stays as it is until the end of the snapshot. */
export function retainedBySnapshot({ action, employee, epoch }: EmployeeChange): RetainedEmployee[] {
  return action === 'SNAPSHOT' ? [{ empId: employee.empId, epoch }] : [];
}
