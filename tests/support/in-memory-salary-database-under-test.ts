import type { SalaryDatabaseUnderTest } from '../contract/salary-database.ts';
import { InMemoryIngestionLedger } from './in-memory-ingestion-ledger.ts';
import { InMemorySalaryDatabase } from './in-memory-salary-database.ts';
import { InMemorySalaryTables } from './in-memory-salary-tables.ts';
import { InMemoryUnfinishedFiles } from './in-memory-unfinished-files.ts';

/** The ports on a new database in memory. */
export async function emptyInMemorySalaryDatabase(): Promise<SalaryDatabaseUnderTest> {
  const database = new InMemorySalaryDatabase();
  const earlier = (date: Date, byMs: number) => new Date(date.getTime() - byMs);
  return {
    ledger: new InMemoryIngestionLedger(database),
    tables: new InMemorySalaryTables(database),
    unfinishedFiles: (bucket) => new InMemoryUnfinishedFiles(database, bucket),
    totals: async () => database.totals(),
    account: async (version) => {
      const file = database.findFile(version);
      return (
        file && {
          state: file.state,
          ...file.counts,
          loaded: file.loadedCount,
          refused: file.refusedCount,
        }
      );
    },
    countFiles: async () => database.files.size,
    age: async (version, byMs) => {
      const file = database.file(version);
      file.startedAt = earlier(file.startedAt, byMs);
      file.heartbeatAt = earlier(file.heartbeatAt, byMs);
    },
  };
}
