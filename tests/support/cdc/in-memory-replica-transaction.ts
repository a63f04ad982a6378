import { compareVersions, type Version } from '../../../functions/core/change-version.ts';
import { describeDatabaseFault } from '../../../functions/core/database-fault.ts';
import type { Employee, EmployeeChange } from '../../../functions/core/employee-change.ts';
import type {
  EmployeeReplicaTransaction,
  RefusedChange,
  RetainedEmployee,
  SweepState,
} from '../../../functions/ports/employee-replica.ts';
import { type InMemoryRefusals, type Operation, refusal } from './in-memory-refusals.ts';

interface AppliedVersion extends Version {
  readonly isDeleted: boolean;
  readonly ageDays: number;
}

export interface ReplicaState {
  readonly employees: Map<number, Employee>;
  readonly versions: Map<number, AppliedVersion>;
  readonly snapshotEnds: Map<bigint, Set<number>>;
  watermark: Version;
  /** Employees up to this one are swept; `null` when no sweep is pending. */
  sweptUntil: number | null;
  sweepRefusal: string | null;
}

const operationOf = ({ action }: EmployeeChange): Operation => (action === 'DELETE' ? 'delete' : 'write');

export const copy = (state: ReplicaState): ReplicaState => ({
  employees: new Map(state.employees),
  versions: new Map(state.versions),
  snapshotEnds: new Map([...state.snapshotEnds].map(([epoch, partitions]) => [epoch, new Set(partitions)])),
  watermark: state.watermark,
  sweptUntil: state.sweptUntil,
  sweepRefusal: state.sweepRefusal,
});

interface Rules {
  readonly refuses: (change: EmployeeChange) => boolean;
  readonly refusals: InMemoryRefusals;
  /** Returns the number of employees of the step. */
  readonly beginStep: () => number;
}

export class InMemoryReplicaTransaction implements EmployeeReplicaTransaction {
  readonly watermark: Version;
  /** Employees that were written and deleted. */
  readonly accepted = new Map<Operation, number>();
  /** What the transaction commits; `null` before its first write. */
  written: ReplicaState | null = null;
  readonly #initial: ReplicaState;
  readonly #beginWriting: () => Promise<ReplicaState>;
  readonly #rules: Rules;

  constructor(initial: ReplicaState, beginWriting: () => Promise<ReplicaState>, rules: Rules) {
    this.watermark = initial.watermark;
    this.#initial = initial;
    this.#beginWriting = beginWriting;
    this.#rules = rules;
  }

  get sweep(): SweepState {
    const { sweptUntil, sweepRefusal } = this.written ?? this.#initial;
    return { isPending: sweptUntil !== null, refusal: sweepRefusal };
  }

  async apply(changes: readonly EmployeeChange[]): Promise<number> {
    const { employees, versions } = await this.#state();
    const newer = changes.filter((change) => {
      const version = versions.get(change.employee.empId);
      return version === undefined || compareVersions(version, change) < 0;
    });
    for (const change of newer) {
      const { empId } = change.employee;
      if (this.#rules.refuses(change)) throw refusal();
      const isDeleted = change.action === 'DELETE';
      versions.set(empId, { epoch: change.epoch, changeId: change.changeId, isDeleted, ageDays: 0 });
      if (isDeleted) employees.delete(empId);
      else employees.set(empId, change.employee);
    }
    for (const change of newer) this.#accept(operationOf(change), 1);
    return newer.length;
  }

  async judgeRefused(refused: readonly RefusedChange[]): Promise<void> {
    for (const [operation, changes = []] of Map.groupBy(refused, ({ change }) => operationOf(change))) {
      await this.#judge(operation, new Set(changes.map(({ change }) => change.employee.empId)));
    }
  }

  async withSavepoint<Result>(work: () => Promise<Result>): Promise<Result> {
    const savepoint = copy(await this.#state());
    try {
      return await work();
    } catch (error) {
      this.written = savepoint;
      throw error;
    }
  }

  async raiseWatermark({ epoch, changeId }: Version): Promise<void> {
    const state = await this.#state();
    const order = compareVersions({ epoch, changeId }, state.watermark);
    if (order < 0 || (order === 0 && (state.sweptUntil !== null || state.sweepRefusal === null))) return;
    Object.assign(state, { watermark: { epoch, changeId }, sweptUntil: Number.NEGATIVE_INFINITY, sweepRefusal: null });
    await this.continueSweep();
    for (const ended of state.snapshotEnds.keys()) if (ended <= epoch) state.snapshotEnds.delete(ended);
  }

  async continueSweep(): Promise<void> {
    const state = await this.#state();
    const after = state.sweptUntil;
    if (after === null) return;
    const maxRows = this.#rules.beginStep();
    const remaining = [...new Set([...state.employees.keys(), ...state.versions.keys()])]
      .filter((empId) => empId > after)
      .sort((a, b) => a - b);
    const refused = new Set<number>();
    for (const empId of remaining.slice(0, maxRows)) {
      const version = state.versions.get(empId);
      if (version !== undefined && compareVersions(version, state.watermark) > 0) continue;
      const employee = state.employees.get(empId);
      state.versions.delete(empId);
      if (employee === undefined) continue;
      if (this.#rules.refuses({ ...state.watermark, action: 'DELETE', employee })) refused.add(empId);
      else this.#deleteSwept(state, empId);
    }
    if (refused.size > 0) {
      await this.#judge('delete', refused);
      state.sweepRefusal ??= describeDatabaseFault(refusal());
    }
    state.sweptUntil = remaining.length > maxRows ? (remaining[maxRows - 1] ?? null) : null;
  }

  #deleteSwept(state: ReplicaState, empId: number): void {
    state.employees.delete(empId);
    this.#accept('delete', 1);
  }

  #accept(operation: Operation, count: number): void {
    this.accepted.set(operation, (this.accepted.get(operation) ?? 0) + count);
  }

  async #judge(operation: Operation, empIds: ReadonlySet<number>): Promise<void> {
    const { employees, watermark } = await this.#state();
    await this.#rules.refusals.judge(operation, empIds, {
      acceptedInBatch: this.accepted.get(operation) ?? 0,
      holdsAcceptedRows: async (count) =>
        employees.size >= count &&
        (operation === 'delete' ||
          [...employees.values()].some(
            (employee) => !this.#rules.refuses({ ...watermark, action: 'UPDATE', employee }),
          )),
    });
  }

  async retainThroughSnapshot(retained: readonly RetainedEmployee[]): Promise<void> {
    const { employees, versions } = await this.#state();
    for (const { empId, epoch } of retained) {
      // Below every change id, so that any change of the epoch is newer.
      const belowEpoch = { epoch, changeId: -1n };
      const version = versions.get(empId);
      if (!employees.has(empId) || (version !== undefined && compareVersions(version, belowEpoch) >= 0)) continue;
      versions.set(empId, { isDeleted: false, ageDays: 0, ...version, ...belowEpoch });
    }
  }

  async recordSnapshotEnd(epoch: bigint, kafkaPartition: number, partitionCount: number): Promise<boolean> {
    const { snapshotEnds } = await this.#state();
    const ended = (snapshotEnds.get(epoch) ?? new Set()).add(kafkaPartition);
    snapshotEnds.set(epoch, ended);
    return [...ended].filter((partition) => partition < partitionCount).length === partitionCount;
  }

  async #state(): Promise<ReplicaState> {
    this.written ??= await this.#beginWriting();
    return this.written;
  }
}
