import { encodePosition, type Progress } from '../../../functions/core/change-position.ts';
import { measureBacklog } from '../../../functions/poll-changes/measure-backlog.ts';
import type { PollerLedgerEntry } from '../../../functions/ports/poller-ledger.ts';

function backlog(progress: Progress | null, lastGivenId: string | null): Promise<number | null> {
  const position =
    progress === null ? null : encodePosition({ systemIdentifier: 's', saveNumber: 1n, epoch: 1n, progress });
  return measureBacklog(
    { lastGivenId: async () => lastGivenId },
    { read: async () => ({ position }) as PollerLedgerEntry },
  );
}

const STREAM = { phase: 'stream', since: '1:1:', page: null } as const;

test('counts the ids above the greatest published one', async () => {
  expect(await backlog({ ...STREAM, greatestChangeId: '9007199254740993' }, '9007199254741000')).toBe(7);
  expect(await backlog({ ...STREAM, greatestChangeId: '5' }, '5')).toBe(0);
});

test('counts those after the last page while a large difference is paged', async () => {
  const page = { until: '2:2:', afterChangeId: '40', lastChangeId: '90' };
  expect(await backlog({ ...STREAM, page, greatestChangeId: '10' }, '100')).toBe(60);
});

test('is unknown during a snapshot, before the first change, and without a position', async () => {
  expect(await backlog({ phase: 'snapshot', since: '1:1:', afterEmpId: 3 }, '100')).toBeNull();
  expect(await backlog(STREAM, '100')).toBeNull();
  expect(await backlog({ ...STREAM, greatestChangeId: '5' }, null)).toBeNull();
  expect(await backlog(null, '100')).toBeNull();
});
