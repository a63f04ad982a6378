import { POLLER_TIMING } from '../../../functions/poll-changes/timing.ts';
import { type PollerRun, PollerSimulation } from '../../support/cdc/poller-simulation.ts';

const LEASE_MS = 3_000;
/** Starting a session again after a lease was taken back needs a few requests. */
const RESTART_MS = 100;
const START_MS = 2_000;
const WATCHED_MS = 6_000;

/** The longest time in which no poller read the source, from the start of the second poller on. */
function longestGapMs(simulation: PollerSimulation, runs: readonly PollerRun[]): number {
  const reads = runs.flatMap(({ readsAtMs }) => readsAtMs).filter((atMs) => atMs >= START_MS);
  const times = [START_MS, ...reads.sort((a, b) => a - b), simulation.clock.monotonicMs()];
  return Math.max(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0)));
}

/** The first poller works, and the second one starts. `disturb` happens `atMs` after that. */
async function handOver(atMs: number, disturb: (first: PollerRun, second: PollerRun) => void): Promise<number> {
  const simulation = new PollerSimulation();
  const first = simulation.startPoller();
  await simulation.clock.advance(START_MS);
  const second = simulation.startPoller();
  await simulation.clock.advance(atMs);
  disturb(first, second);
  await simulation.clock.advance(WATCHED_MS);
  return longestGapMs(simulation, [first, second]);
}

/** When the second poller has the lease in an undisturbed run, and when it has begun; relative to its start. */
async function handOverTimes(): Promise<{ transferMs: number; acceptedMs: number }> {
  const simulation = new PollerSimulation();
  simulation.startPoller();
  await simulation.clock.advance(START_MS);
  simulation.startPoller();
  let transferMs: number | undefined;
  for (let ms = 0; ms < 3_000; ms += 1) {
    const entry = await simulation.ledger.read();
    if (entry?.fencingToken === 2) transferMs ??= ms;
    if (transferMs !== undefined && entry?.isAccepted) return { transferMs, acceptedMs: ms };
    await simulation.clock.advance(1);
  }
  throw new Error('expected the lease to be transferred within 3 s');
}

/** Every millisecond around the transfer, and every fiftieth from the start of the second poller. */
async function moments(): Promise<number[]> {
  const { transferMs } = await handOverTimes();
  const around = Array.from({ length: 80 }, (_, index) => transferMs - 30 + index);
  return [...Array.from({ length: 20 }, (_, index) => index * 50), ...around].filter((ms) => ms >= 0);
}

describe('while the lease is handed over', () => {
  it('no poller reads for less than the acceptance time when the second poller is killed before it has begun', async () => {
    const { acceptedMs } = await handOverTimes();
    for (const atMs of (await moments()).filter((ms) => ms < acceptedMs)) {
      const gapMs = await handOver(atMs, (_, second) => second.kill());
      expect({ atMs, gapMs: gapMs <= POLLER_TIMING.acceptanceMs + RESTART_MS }).toEqual({ atMs, gapMs: true });
    }
  });

  it('the second poller replaces a first one that is killed at any moment', async () => {
    for (const atMs of await moments()) {
      const gapMs = await handOver(atMs, (first) => first.kill());
      expect({ atMs, gapMs: gapMs <= LEASE_MS + RESTART_MS }).toEqual({ atMs, gapMs: true });
    }
  });

  it('the first poller continues when the second one gives up at any moment', async () => {
    for (const lifeMs of await moments()) {
      const simulation = new PollerSimulation();
      const runs = [simulation.startPoller()];
      await simulation.clock.advance(START_MS);
      runs.push(simulation.startPoller({ lifeMs }));
      await simulation.clock.advance(WATCHED_MS);
      const gapMs = longestGapMs(simulation, runs);
      const isEnded = runs.map(({ outcome }) => outcome !== undefined);
      // A second poller that had the lease until the end of its time has freed it, and no poller waits for it.
      const hadLease = (runs[1] as PollerRun).readsAtMs.length > 0;
      if (!hadLease) {
        expect({ lifeMs, isEnded }).toEqual({ lifeMs, isEnded: [false, true] });
        expect({ lifeMs, gapMs: gapMs <= POLLER_TIMING.acceptanceMs + RESTART_MS }).toEqual({ lifeMs, gapMs: true });
      }
    }
  });

  it('exactly one of three pollers reads in the end, whenever the third one starts and the second one gives up', async () => {
    const { transferMs } = await handOverTimes();
    for (let atMs = Math.max(0, transferMs - 40); atMs < transferMs + 40; atMs += 2) {
      const simulation = new PollerSimulation();
      const runs = [simulation.startPoller()];
      await simulation.clock.advance(START_MS);
      runs.push(simulation.startPoller({ lifeMs: atMs + 7 }));
      await simulation.clock.advance(atMs);
      runs.push(simulation.startPoller());
      await simulation.clock.advance(WATCHED_MS);
      const readLately = runs.filter(({ readsAtMs }) => (readsAtMs.at(-1) ?? 0) > simulation.clock.monotonicMs() - 200);
      expect({ atMs, count: readLately.length }).toEqual({ atMs, count: 1 });
      expect({ atMs, ok: longestGapMs(simulation, runs) <= POLLER_TIMING.acceptanceMs + RESTART_MS }).toEqual({
        atMs,
        ok: true,
      });
    }
  });
});
