import { Ownership, RENEW_INTERVAL_MS } from '../../../functions/redrive/ownership.ts';
import { STALE_OWNER_MS } from '../../../functions/redrive/redriver.ts';

let answers: (boolean | Error)[];
let renewals: string[];
let nowMs: number;
let ownership: Ownership;
const ledger = {
  renew: async (redriveId: string, owner: string) => {
    renewals.push(`${redriveId} ${owner}`);
    const answer = answers.shift() ?? true;
    if (answer instanceof Error) throw answer;
    return answer;
  },
};

beforeEach(() => {
  jest.useFakeTimers();
  [answers, renewals, nowMs] = [[], [], 0];
  ownership = new Ownership({ ledger, clock: { monotonicMs: () => nowMs } }, '7', 'me');
});
afterEach(() => {
  ownership.end();
  jest.useRealTimers();
});

/** As time passes in a process that works on one batch. */
async function work(ms: number): Promise<void> {
  for (let step = 0; step < ms; step += RENEW_INTERVAL_MS) {
    nowMs += RENEW_INTERVAL_MS;
    await jest.advanceTimersByTimeAsync(RENEW_INTERVAL_MS);
  }
}

describe('the ownership of a redrive', () => {
  it('is renewed by time, also during a batch that takes longer than an owner may be silent', async () => {
    await work(STALE_OWNER_MS + RENEW_INTERVAL_MS);
    expect(renewals).toEqual(Array.from({ length: 7 }, () => '7 me'));
    expect(await ownership.isHeld()).toBe(true);
    expect(renewals).toHaveLength(7);
  });

  it('is asked for before a batch after the process was frozen', async () => {
    nowMs += STALE_OWNER_MS;
    answers = [false];
    expect(await ownership.isHeld()).toBe(false);
    expect(await ownership.isHeld()).toBe(false);
    expect(renewals).toHaveLength(1);
  });

  it('stays lost when another invocation has it', async () => {
    answers = [false];
    await work(RENEW_INTERVAL_MS);
    expect(await ownership.isHeld()).toBe(false);
  });

  it('survives one renewal that fails, and reports the error when the ledger stays away', async () => {
    answers = [new Error('away')];
    await work(2 * RENEW_INTERVAL_MS);
    expect(await ownership.isHeld()).toBe(true);
    answers = Array.from({ length: 4 }, () => new Error('away'));
    await work(3 * RENEW_INTERVAL_MS);
    await expect(ownership.isHeld()).rejects.toThrow('away');
  });

  it('is not renewed after its end', async () => {
    ownership.end();
    await work(3 * RENEW_INTERVAL_MS);
    expect(renewals).toEqual([]);
  });
});
