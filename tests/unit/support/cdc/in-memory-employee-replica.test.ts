import { describeEmployeeReplica } from '../../../contract/employee-replica.ts';
import { InMemoryEmployeeReplica } from '../../../support/cdc/in-memory-employee-replica.ts';
import { eventually } from '../../../support/eventually.ts';

describeEmployeeReplica('InMemoryEmployeeReplica', async () => {
  const replica = new InMemoryEmployeeReplica();
  const noValues = { firstName: null, lastName: null, dob: null, city: null, salary: null };
  return {
    replica,
    employees: async () => replica.employees,
    insertWithoutVersion: async (empId) => replica.insertWithoutVersion({ empId, ...noValues }),
    refuseSalary: async (salary) => {
      replica.refuses = ({ employee }) => employee.salary === salary;
    },
    age: async (days) => replica.age(days),
    untilLockWaited: async () => void (await eventually(() => replica.hasLockWaiters)),
    close: async () => {},
  };
});
