import type { StackStatus } from '../../../../localstack/commands/status/stack-status.ts';
import { StatusWatch } from '../../../../localstack/commands/status/status-watch.ts';

const START_MS = Date.UTC(2026, 0, 2, 12);
const at = (second: number) => new Date(START_MS + second * 1_000);

/** What is seen in that second: the heartbeat of the poller, and the token of its lease. */
function seen(second: number, heartbeat: string, fencingToken = '1'): StackStatus {
  return {
    observation: {
      ...{ at: at(second), unreachable: [], topics: null, conditions: [], poller: { heartbeat, progress: null } },
      ...{ backlog: 0, groups: null, standingFiles: null, unstartedFiles: null, standstills: null },
      ...{ clocks: null, deadLetters: null, replica: null, salaries: null },
    },
    ...{ source: null, target: null, kafka: null },
    poller: { isPollerRunning: true, isSnapshotRequested: false, heartbeat, fencingToken },
  };
}

/** The codes of what needs attention, and when the lease was handed over, after each observation. */
async function watch(statuses: readonly StackStatus[]) {
  const remaining = [...statuses];
  let seconds = 0;
  const subject = new StatusWatch({ observe: async () => remaining.shift() as StackStatus }, () => 1_000 * seconds++);
  const looks: { readonly codes: readonly string[]; readonly handedOverAt: Date | null }[] = [];
  while (remaining.length > 0) {
    const { attention, handedOverAt } = await subject.look();
    looks.push({ codes: attention.map(({ code }) => code), handedOverAt });
  }
  return looks;
}

test('what does not move for five seconds stands still, and no longer when it moves', async () => {
  const looks = await watch([
    ...[0, 1, 2, 3, 4, 5, 6].map((second) => seen(second, '7')),
    ...[7, 8, 9].map((second) => seen(second, String(second + 1))),
  ]);
  const stands = ['PIPE_POLLER_NOT_RUNNING'];
  expect(looks.map(({ codes }) => codes)).toEqual([[], [], [], [], [], stands, stands, [], [], []]);
});

test('what does not move stands still although the wall clock does, too', async () => {
  const looks = await watch([0, 1, 2, 3, 4, 5].map(() => seen(0, '7')));
  expect(looks.at(-1)?.codes).toEqual(['PIPE_POLLER_NOT_RUNNING']);
});

test('a hand-over is what was seen, not what was there at first', async () => {
  const looks = await watch([seen(0, '1', '4'), seen(1, '2', '4'), seen(2, '3', '5'), seen(3, '4', '5')]);
  expect(looks.map(({ handedOverAt }) => handedOverAt)).toEqual([null, null, at(2), at(2)]);
});

test('an offset table that cannot be read is no hand-over', async () => {
  const looks = await watch([seen(0, '1', '4'), { ...seen(1, '2'), poller: null }, seen(2, '3', '4')]);
  expect(looks.map(({ handedOverAt }) => handedOverAt)).toEqual([null, null, null]);
});
