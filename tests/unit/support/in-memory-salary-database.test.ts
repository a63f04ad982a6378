import { describeIngestionLedger } from '../../contract/ingestion-ledger.ts';
import { describeReadmittedRows } from '../../contract/readmitted-rows.ts';
import { describeSalaryTables } from '../../contract/salary-tables.ts';
import { describeUnfinishedFiles } from '../../contract/unfinished-files.ts';
import { emptyInMemorySalaryDatabase } from '../../support/in-memory-salary-database-under-test.ts';

describeIngestionLedger('InMemoryIngestionLedger', emptyInMemorySalaryDatabase);
describeSalaryTables('InMemorySalaryTables', emptyInMemorySalaryDatabase);
describeReadmittedRows('InMemorySalaryTables', emptyInMemorySalaryDatabase);
describeUnfinishedFiles('InMemoryUnfinishedFiles', emptyInMemorySalaryDatabase);
