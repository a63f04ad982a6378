import { CHANGES, failedChange, NO_DEADLINE, RedriverRig } from '../../support/redriver-rig.ts';

let rig: RedriverRig;
beforeEach(() => {
  rig = new RedriverRig();
});

describe('a redrive', () => {
  it('keeps to its rate', async () => {
    await rig.deadLetter(CHANGES, ...Array.from({ length: 50 }, (_, offset) => failedChange(offset)));
    await rig.run(10);
    expect(rig.clock.nowMs - 30_000).toBeGreaterThanOrEqual(4_500);
    expect(rig.publisher.callSizes.filter((size) => size === 5)).toHaveLength(10);
  });

  it('is handed over when the time is short, and stops when it is cancelled', async () => {
    await rig.deadLetter(CHANGES, ...Array.from({ length: 20 }, (_, offset) => failedChange(offset)));
    const redrive = await rig.ledger.plan({ filter: {}, note: null, rate: 10 });
    const redriveId = redrive?.redriveId ?? '';
    let looks = 0;
    const outcome = await rig.redriver.run(redriveId, 'one', { remainingMs: () => (looks++ < 2 ? 9 : -1) });
    expect(outcome).toBe('continued');
    expect(rig.self.events).toEqual([{ action: 'run', redriveId }]);
    expect(rig.states.filter((state) => state === 'redriven')).toHaveLength(5);
    rig.ledger.onChange = async (method) => {
      if (method === 'recordBatch') await rig.ledger.cancel(redriveId);
    };
    expect(await rig.redriver.run(redriveId, 'two', NO_DEADLINE)).toBe('stopped');
    expect(rig.states.filter((state) => state === 'redriven')).toHaveLength(10);
  });

  it('is taken up by a resume when its owner is silent, and not before', async () => {
    await rig.deadLetter(CHANGES, failedChange(5));
    const redrive = await rig.ledger.plan({ filter: {}, note: null, rate: null });
    await rig.ledger.acquire(redrive?.redriveId ?? '', 'dead', 1_000);
    expect(await rig.redriver.resume('me', NO_DEADLINE)).toBe('idle');
    // Longer than dead letters stay on their topics.
    expect(rig.retentions).toEqual([45]);
    rig.ledger.age(31_000);
    expect(await rig.redriver.resume('me', NO_DEADLINE)).toBe('published');
    expect(await rig.redriver.resume('me', NO_DEADLINE)).toBe('idle');
  });

  it('publishes no further batch after it was frozen, when another owner has taken over', async () => {
    await rig.deadLetter(CHANGES, ...Array.from({ length: 20 }, (_, offset) => failedChange(offset)));
    const redrive = await rig.ledger.plan({ filter: {}, note: null, rate: 10 });
    const redriveId = redrive?.redriveId ?? '';
    const recordBatch = rig.ledger.recordBatch.bind(rig.ledger);
    jest.spyOn(rig.ledger, 'recordBatch').mockImplementationOnce(async (...args) => {
      const isOwned = await recordBatch(...args);
      rig.clock.nowMs += 60_000;
      rig.ledger.age(60_000);
      await rig.ledger.acquire(redriveId, 'another', 30_000);
      return isOwned;
    });
    expect(await rig.redriver.run(redriveId, 'frozen', NO_DEADLINE)).toBe('stopped');
    expect(rig.states.filter((state) => state === 'redriven')).toHaveLength(5);
  });

  it('releases itself when it fails, so that a retry continues at once', async () => {
    await rig.deadLetter(CHANGES, failedChange(5));
    rig.publisher.onPublish = () => {
      throw new Error('Kafka is away');
    };
    await expect(rig.run()).rejects.toThrow('Kafka is away');
    rig.publisher.onPublish = () => {};
    expect(await rig.redriver.resume('another', NO_DEADLINE)).toBe('published');
    expect(rig.states).toEqual(['redriven']);
  });
});
