import { describeChangeSource } from '../../../contract/change-source.ts';
import { InMemoryChangeSource } from '../../../support/cdc/in-memory-change-source.ts';

const employee = (empId: number, salary: number) => ({
  ...{ empId, firstName: null, lastName: null, dob: null, city: null },
  salary,
});

describeChangeSource('InMemoryChangeSource', async () => {
  const source = new InMemoryChangeSource(5);
  return {
    source,
    begin: async () => {
      const txid = source.begin();
      return {
        put: async (empId, salary) => source.put(txid, employee(empId, salary)),
        insertMany: async (firstEmpId, count) => {
          for (let index = 0; index < count; index += 1) source.put(txid, employee(firstEmpId + index, 0));
        },
        delete: async (empId) => source.delete(txid, empId),
        truncate: async () => source.truncate(txid),
        commit: async () => source.commit(txid),
        rollback: async () => source.rollback(txid),
      };
    },
    age: async (hours) => source.age(hours),
    close: async () => {},
  };
});
