import { describeRedriveLedger } from '../../contract/redrive-ledger.ts';
import type { RedriveLedgerUnderTest } from '../../contract/redrive-ledger-subject.ts';
import { describeRedriveOutcomes } from '../../contract/redrive-outcomes.ts';
import { InMemoryRedriveLedger } from '../../support/in-memory-redrive-ledger.ts';

async function make(): Promise<RedriveLedgerUnderTest> {
  const ledger = new InMemoryRedriveLedger();
  const findFile = (key: string, version: string) =>
    ledger.files.find((file) => file.key === key && file.version === version);
  return {
    ...{ ledger, outcomes: ledger },
    add: async (...entries) => ledger.add(...entries),
    comeBack: async (dlqId) => ledger.comeBack(dlqId),
    entry: async (dlqId) => ledger.entries.find((entry) => entry.dlqId === dlqId),
    setFile: async (key, version, { state, rejected = 0, filteredOut = 0 }) => {
      const known = findFile(key, version);
      if (known) known.state = state;
      else ledger.files.push({ fileId: String(ledger.files.length), key, version, state, rejected, filteredOut });
    },
    loadRow: async (key, version, row) => {
      ledger.loadedRows.add(`${key}@${version}#${row}`);
    },
    counts: async (key, version) => {
      const { rejected = 0, filteredOut = 0 } = findFile(key, version) ?? {};
      return { rejected, filteredOut };
    },
    age: async (byMs) => ledger.age(byMs),
  };
}

describeRedriveLedger('InMemoryRedriveLedger', make);
describeRedriveOutcomes('InMemoryRedriveLedger', make);
