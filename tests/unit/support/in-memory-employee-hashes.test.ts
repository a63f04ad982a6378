import { describeEmployeeHashes } from '../../contract/employee-hashes.ts';
import { InMemoryEmployeeHashes } from '../../support/in-memory-employee-hashes.ts';

describeEmployeeHashes('InMemoryEmployeeHashes', async () => {
  const hashes = new InMemoryEmployeeHashes([]);
  return {
    hashes,
    setKeys: async (keys) => {
      hashes.transactions += 1;
      hashes.rows.clear();
      for (const key of keys.toSorted((a, b) => a - b)) hashes.rows.set(key, BigInt(key) * 31n);
    },
    close: async () => {},
  };
});
