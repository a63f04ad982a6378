import { type Readers, SharedState } from '../../../functions/dashboard/shared-state.ts';
import { exampleState } from '../../support/dashboard/example-state.ts';

/** A clock on which time passes only when the test says so, and readers that can be held up or fail. */
class Rig {
  nowMs = Date.parse('2026-11-26T08:00:00Z');
  readonly calls = new Map<string, number>();
  /** How long a request has waited for readers at most, and the readers for their servers. */
  readonly sleeps: number[] = [];
  readonly #waiting: { untilMs: number; resolve: () => void }[] = [];
  readonly state: SharedState;
  salaries: () => Promise<never> | Promise<unknown> = async () =>
    exampleState(new Date(this.nowMs)).readings.salaries.value;

  constructor() {
    const { readings } = exampleState(new Date(this.nowMs));
    const readers = Object.fromEntries(
      Object.entries(readings).map(([name, { value }]) => [
        name,
        async () => {
          this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
          return name === 'salaries' ? this.salaries() : value;
        },
      ]),
    ) as unknown as Readers;
    this.state = new SharedState({
      readers,
      clock: { monotonicMs: () => this.nowMs, sleep: (ms) => this.sleep(ms) },
      now: () => new Date(this.nowMs),
      describeFailure: (error) => (error as Error).message,
      refreshWaitMs: 25,
    });
  }

  sleep(ms: number): Promise<void> {
    // The pause between the starts of two readers, which is nothing beside the times of the tests.
    if (ms === 5) return new Promise((resolve) => setImmediate(resolve));
    this.sleeps.push(ms);
    return new Promise((resolve) => this.#waiting.push({ untilMs: this.nowMs + ms, resolve }));
  }

  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    for (const { untilMs, resolve } of this.#waiting) if (untilMs <= this.nowMs) resolve();
    // So many that all readers have started.
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

const hanging = () => new Promise<never>(() => {});

describe('SharedState', () => {
  it('reads nothing until it is asked', async () => {
    const rig = new Rig();
    await rig.pass(60_000);
    expect(rig.calls.size).toBe(0);
  });

  it('reads each part once for all viewers, as often as one of them polls', async () => {
    const rig = new Rig();
    await Promise.all(Array.from({ length: 10 }, () => rig.state.read('local')));
    await rig.pass(1_700);
    await Promise.all(Array.from({ length: 10 }, () => rig.state.read('local')));
    expect([...rig.calls.values()]).toEqual(Array(8).fill(1));
    await rig.pass(100);
    await Promise.all(Array.from({ length: 10 }, () => rig.state.read('local')));
    expect([...rig.calls.values()]).toEqual(Array(8).fill(2));
  });

  it('starts the readers one after another, so that not all servers work at the same time', async () => {
    const rig = new Rig();
    const answer = Promise.withResolvers<unknown>();
    rig.salaries = () => answer.promise;
    const reading = rig.state.read('local');
    expect([...rig.calls.keys()]).toEqual(['poller']);
    await rig.pass(0);
    // One that hangs does not hold up the others.
    expect(rig.calls.size).toBe(8);
    answer.resolve({});
    await reading;
  });

  it('shows why a part cannot be read, with its older value, until it can be read again', async () => {
    const rig = new Rig();
    const good = rig.salaries;
    await rig.state.read('local');
    rig.salaries = async () => {
      throw new Error('connect ECONNREFUSED');
    };
    await rig.pass(1_800);
    const failedAt = new Date(rig.nowMs);
    await rig.state.read('local');
    await rig.pass(1_800);
    const { salaries, groups } = (await rig.state.read('local')).readings;
    expect(salaries.failure).toEqual({ message: 'connect ECONNREFUSED', since: failedAt });
    expect(salaries.value).not.toBeNull();
    expect(groups.failure).toBeNull();
    rig.salaries = good;
    await rig.pass(1_800);
    expect((await rig.state.read('local')).readings.salaries.failure).toBeNull();
  });

  it('does not wait for a server that hangs when it has an older value', async () => {
    const rig = new Rig();
    await rig.state.read('local');
    await rig.pass(1_800);
    rig.salaries = hanging;
    const reading = rig.state.read('local');
    await rig.pass(40);
    const { salaries, groups } = (await reading).readings;
    expect([salaries.failure, groups.failure]).toEqual([null, null]);
    expect(salaries.value).not.toBeNull();
  });

  it.each([
    [9_999, 25],
    [10_000, 900],
  ])('waits for a server that hangs, when its value is %i ms old, %i ms', async (ageMs, waitMs) => {
    const rig = new Rig();
    await rig.state.read('local');
    await rig.pass(ageMs);
    rig.salaries = hanging;
    rig.sleeps.length = 0;
    const reading = rig.state.read('local');
    expect(rig.sleeps.filter((ms) => ms !== 2_000)).toEqual([waitMs]);
    await rig.pass(waitMs);
    expect((await reading).readings.salaries.value).not.toBeNull();
  });

  it('waits for nothing when all values are recent', async () => {
    const rig = new Rig();
    await rig.state.read('local');
    await rig.pass(1_799);
    rig.sleeps.length = 0;
    expect(await rig.state.read('aws')).toMatchObject({ stage: 'aws', now: new Date(rig.nowMs) });
    expect(rig.sleeps).toEqual([]);
  });

  it('has the time of each reading, and since when a server fails however often it was asked', async () => {
    const rig = new Rig();
    const readAt = new Date(rig.nowMs);
    await rig.state.read('local');
    rig.salaries = async () => {
      throw new Error('away');
    };
    await rig.pass(1_800);
    const since = new Date(rig.nowMs);
    for (let second = 0; second < 3; second++) {
      await rig.state.read('local');
      await rig.pass(1_800);
    }
    const { salaries, groups } = (await rig.state.read('local')).readings;
    expect(salaries).toMatchObject({ at: readAt, failure: { since } });
    expect(groups.at).toEqual(new Date(rig.nowMs));
  });

  it('asks a server that hangs again after two seconds, and not before', async () => {
    const rig = new Rig();
    rig.salaries = hanging;
    const first = rig.state.read('local');
    await rig.pass(0);
    await rig.pass(1_999);
    await first;
    const second = rig.state.read('local');
    await rig.pass(900);
    await second;
    expect(rig.calls.get('salaries')).toBe(1);
    const third = rig.state.read('local');
    await rig.pass(0);
    await rig.pass(900);
    await third;
    expect(rig.calls.get('salaries')).toBe(2);
  });

  it('waits longer for a part that could not be read for long, so that it is not shown as failed after it is mended', async () => {
    const rig = new Rig();
    const good = rig.salaries;
    await rig.state.read('local');
    rig.salaries = async () => {
      throw new Error('connect ECONNREFUSED');
    };
    for (let second = 0; second < 12; second++) {
      await rig.pass(1_800);
      await rig.state.read('local');
    }
    rig.salaries = () => rig.sleep(200).then(good);
    await rig.pass(1_800);
    const reading = rig.state.read('local');
    await rig.pass(0);
    await rig.pass(200);
    expect((await reading).readings.salaries.failure).toBeNull();
  });

  it('does not blame a server that could not answer while the process was frozen', async () => {
    const rig = new Rig();
    const good = rig.salaries;
    await rig.state.read('local');
    await rig.pass(1_800);
    const answer = Promise.withResolvers<unknown>();
    rig.salaries = () => answer.promise;
    const before = rig.state.read('local');
    await rig.pass(25);
    await before;
    await rig.pass(60_000);
    const reading = rig.state.read('local');
    await rig.pass(900);
    expect((await reading).readings.salaries.failure).toBeNull();
    answer.resolve(await good());
    await rig.pass(0);
    expect((await rig.state.read('local')).readings.salaries).toMatchObject({ at: new Date(rig.nowMs), failure: null });
  });

  it('says so when a server hangs for seconds', async () => {
    const rig = new Rig();
    rig.salaries = hanging;
    const reading = rig.state.read('local');
    const since = new Date(rig.nowMs);
    await rig.pass(900);
    expect((await reading).readings.salaries).toEqual({ value: null, at: null, failure: null });
    await rig.pass(2_000);
    const later = rig.state.read('local');
    await rig.pass(900);
    expect((await later).readings.salaries.failure).toEqual({ message: 'it did not answer in time', since });
  });
});
