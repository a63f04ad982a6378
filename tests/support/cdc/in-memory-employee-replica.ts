import { compareVersions, type Version } from '../../../functions/core/change-version.ts';
import type { Employee, EmployeeChange } from '../../../functions/core/employee-change.ts';
import type {
  EmployeeReplica,
  EmployeeReplicaTransaction,
  RetainedEmployee,
  WatermarkLock,
} from '../../../functions/ports/employee-replica.ts';

interface State {
  readonly employees: Map<number, Employee>;
  readonly versions: Map<number, Version>;
  readonly ends: Map<bigint, Set<number>>;
  watermark: Version;
}

const copy = (state: State): State => ({
  employees: new Map(state.employees),
  versions: new Map(state.versions),
  ends: new Map([...state.ends].map(([epoch, partitions]) => [epoch, new Set(partitions)])),
  watermark: state.watermark,
});

/** A replica in memory: what a transaction does is kept whole or not at all. */
export class InMemoryEmployeeReplica implements EmployeeReplica {
  /** Refuses a change as a constraint of the target would. */
  readonly refuses: (change: EmployeeChange) => boolean;
  #state: State = {
    employees: new Map(),
    versions: new Map(),
    ends: new Map(),
    watermark: { epoch: -1n, changeId: -1n },
  };

  constructor(refuses: (change: EmployeeChange) => boolean = () => false) {
    this.refuses = refuses;
  }

  get employees(): Employee[] {
    return [...this.#state.employees.values()].sort((a, b) => a.empId - b.empId);
  }

  /** Puts a row in by another way, so without a version. */
  plant(employee: Employee): void {
    this.#state.employees.set(employee.empId, employee);
  }

  async transaction<Result>(_lock: WatermarkLock, work: (transaction: EmployeeReplicaTransaction) => Promise<Result>) {
    const holder = { state: copy(this.#state) };
    const result = await work(new InMemoryTransaction(holder, this.refuses));
    this.#state = holder.state;
    return result;
  }
}

class InMemoryTransaction implements EmployeeReplicaTransaction {
  readonly #holder: { state: State };
  readonly #refuses: (change: EmployeeChange) => boolean;

  constructor(holder: { state: State }, refuses: (change: EmployeeChange) => boolean) {
    this.#holder = holder;
    this.#refuses = refuses;
  }

  get watermark(): Version {
    return this.#holder.state.watermark;
  }

  async apply(changes: readonly EmployeeChange[]): Promise<number> {
    const { employees, versions } = this.#holder.state;
    let applied = 0;
    for (const change of changes) {
      const { empId } = change.employee;
      const held = versions.get(empId);
      if (held !== undefined && compareVersions(held, change) >= 0) continue;
      if (this.#refuses(change)) throw Object.assign(new Error('refused'), { code: '23514' });
      versions.set(empId, { epoch: change.epoch, changeId: change.changeId });
      if (change.action === 'DELETE') employees.delete(empId);
      else employees.set(empId, change.employee);
      applied += 1;
    }
    return applied;
  }

  async withSavepoint<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = copy(this.#holder.state);
    try {
      return await work();
    } catch (error) {
      this.#holder.state = before;
      throw error;
    }
  }

  async raiseWatermark(to: Version): Promise<void> {
    const { state } = this.#holder;
    for (const empId of [...state.employees.keys(), ...state.versions.keys()]) {
      const held = state.versions.get(empId);
      if (held !== undefined && compareVersions(held, to) > 0) continue;
      state.employees.delete(empId);
      state.versions.delete(empId);
    }
    if (compareVersions(to, state.watermark) > 0) state.watermark = to;
  }

  async retainThroughSnapshot(retained: readonly RetainedEmployee[]): Promise<void> {
    const { employees, versions } = this.#holder.state;
    for (const { empId, epoch } of retained) {
      const kept = { epoch, changeId: -1n };
      const held = versions.get(empId);
      if (employees.has(empId) && (held === undefined || compareVersions(held, kept) < 0)) versions.set(empId, kept);
    }
  }

  async recordSnapshotEnd(epoch: bigint, kafkaPartition: number, partitionCount: number): Promise<boolean> {
    const { ends } = this.#holder.state;
    const ended = ends.get(epoch) ?? new Set();
    ends.set(epoch, ended.add(kafkaPartition));
    return ended.size === partitionCount;
  }
}
