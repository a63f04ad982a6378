import { describeEmployeeReplica } from '../../../contract/employee-replica.ts';
import { describeEmployeeReplicaAtOnce } from '../../../contract/employee-replica-at-once.ts';
import { describeEmployeeReplicaRefusals, SWEEP_STEP_ROWS } from '../../../contract/employee-replica-refusals.ts';
import { describeTombstoneStore } from '../../../contract/tombstone-store.ts';
import { InMemoryEmployeeReplica } from '../../../support/cdc/in-memory-employee-replica.ts';
import { eventually } from '../../../support/eventually.ts';

async function makeReplica() {
  const replica = new InMemoryEmployeeReplica();
  replica.sweepStepRows = SWEEP_STEP_ROWS;
  const noValues = { firstName: null, lastName: null, dob: null, city: null, salary: null };
  return {
    replica,
    employees: async () => replica.employees,
    insertWithoutVersion: async (empId: number) => replica.insertWithoutVersion({ empId, ...noValues }),
    refuseSalary: async (salary: number) => {
      replica.refuses = ({ employee }) => employee.salary === salary;
    },
    age: async (days: number) => replica.age(days),
    untilLockWaited: async () => void (await eventually(() => replica.hasLockWaiters)),
    close: async () => {},
  };
}

describeEmployeeReplica('InMemoryEmployeeReplica', makeReplica);
describeEmployeeReplicaAtOnce('InMemoryEmployeeReplica', makeReplica);
describeEmployeeReplicaRefusals('InMemoryEmployeeReplica', makeReplica);
describeTombstoneStore('InMemoryEmployeeReplica', makeReplica);
