import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresTargetLevels } from '../../../../functions/adapters/postgres/postgres-target-levels.ts';
import { PostgresVerificationStore } from '../../../../functions/adapters/postgres/postgres-verification-store.ts';
import { SLICE_COUNT } from '../../../../functions/core/verification.ts';
import { createMigratedDatabase } from '../../../support/migrated-database.ts';
import { actAs } from '../../../support/database-user.ts';

const HOUR_MS = 3_600_000;

let database: Database;
let levels: PostgresTargetLevels;
beforeEach(async () => {
  const url = await createMigratedDatabase('target');
  database = await Database.open({ url, applicationName: 'test' });
  levels = new PostgresTargetLevels(actAs(database, 'watch-replica'));
});
afterEach(() => database.close());

const letter = (id: string, state: string, hoursAgo: number) =>
  database.query(
    `insert into dead_letter (dlq_id, topic, kafka_partition, kafka_offset, code, reason, origin, cut, first_at, last_at,
       attempts, state)
     values ($1, 't', 0, 1, 'PIPE_CHANGE_FIELD', 'r', '{}', false, clock_timestamp() - make_interval(hours => $3 + 9),
       clock_timestamp() - make_interval(hours => $3), 1, $2)`,
    [id, state, hoursAgo],
  );

const nothing = {
  ...{ missing: 0, extra: 0, different: 0, held: 5, unsettled: 7 },
  ...{ causes: {}, heldBy: {}, samples: [], rows: 1, ranges: 1, seconds: 1, range: { after: null, until: null } },
};
const salaries = { files: 1, rows: 1, findings: [], seconds: 1, isDeep: false };

it('has nothing in a new target, and counts the age of the verification from its migration', async () => {
  const { verificationAgeSeconds, ...others } = await levels.read();
  expect(Object.values(others)).toEqual([0, 0, 0, 0, 0]);
  expect(verificationAgeSeconds).toBeLessThan(600);
  await database.query("update _private_migration set applied_at = applied_at - interval '30 hours'");
  expect((await levels.read()).verificationAgeSeconds).toBeGreaterThan(29 * 3_600);
});

it('counts open and parked dead letters, and how long the oldest open one has waited since it last failed', async () => {
  await letter('a', 'open', 3);
  await letter('b', 'open', 26);
  await letter('c', 'parked', 90);
  await letter('d', 'resolved', 95);
  expect(await levels.read()).toMatchObject({ deadLettersOpen: 2, deadLettersParked: 1 });
  expect((await levels.read()).openDeadLetterAgeSeconds / 3_600).toBeCloseTo(26, 1);
  await database.query("update dead_letter set state = 'resolved' where state = 'open'");
  expect(await levels.read()).toMatchObject({ deadLettersOpen: 0, openDeadLetterAgeSeconds: 0 });
});

it('sums the differences up, and has the age of the part that was not verified for the longest time', async () => {
  const store = new PostgresVerificationStore(database);
  const checkedAt = (hoursAgo: number) => new Date(Date.now() - hoursAgo * HOUR_MS);
  for (let slice = 0; slice < SLICE_COUNT; slice++) {
    await store.recordSlice({
      ...nothing,
      slice,
      checkedAt: checkedAt(slice === 5 ? 4 : 1),
      missing: slice === 5 ? 2 : 0,
    });
  }
  await store.recordSalaries({ ...salaries, checkedAt: checkedAt(2), differences: 3 });
  const { verificationAgeSeconds, ...others } = await levels.read();
  expect(others).toMatchObject({ replicaDifferences: 2, salaryDifferences: 3 });
  expect(verificationAgeSeconds / 3_600).toBeCloseTo(4, 1);
  await store.recordSalaries({ ...salaries, checkedAt: checkedAt(27), differences: 0 });
  expect((await levels.read()).verificationAgeSeconds / 3_600).toBeCloseTo(27, 1);
});
