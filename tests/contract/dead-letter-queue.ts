import { hash } from 'node:crypto';
import type { DeadLetter } from '../../functions/core/dead-letter.ts';
import type { DeadLetterQueue } from '../../functions/ports/dead-letter-queue.ts';

export interface DeadLetterQueueUnderTest {
  readonly queue: DeadLetterQueue;
  /** The JSON values of all dead letters in the queue, in the order of one partition. */
  read(): Promise<readonly unknown[]>;
}

const originOf = (offset: number) => ({ topic: 'employee-salaries', partition: 3, offset: String(offset) });
const deadLetter = (offset: number, more: Partial<DeadLetter> = {}): DeadLetter => ({
  code: 'PIPE_SALARY_RECORD',
  reason: 'expected a salary record, got text that is not JSON',
  origin: originOf(offset),
  key: Buffer.from('7'),
  payload: Buffer.from(`payload ${offset}`),
  ...more,
});
const message = (offset: number) => ({
  schema: 1,
  code: 'PIPE_SALARY_RECORD',
  rule: null,
  reason: 'expected a salary record, got text that is not JSON',
  origin: originOf(offset),
  first: { origin: originOf(offset), at: expect.any(String) },
  at: expect.any(String),
  attempts: 1,
  headers: [],
  key: Buffer.from('7').toString('base64'),
  payload: `payload ${offset}`,
  payloadEncoding: 'utf8',
  payloadBytes: Buffer.byteLength(`payload ${offset}`),
  cut: false,
  sha256: hash('sha256', `payload ${offset}`),
});

/** The contract of `DeadLetterQueue`. */
export function describeDeadLetterQueue(name: string, make: () => Promise<DeadLetterQueueUnderTest>): void {
  describe(`${name} as a dead-letter queue`, () => {
    let subject: DeadLetterQueueUnderTest;
    beforeEach(async () => {
      subject = await make();
    });

    it('contains every dead letter when publishing resolves', async () => {
      await subject.queue.publish([deadLetter(1), deadLetter(2)]);
      expect(await subject.read()).toEqual([message(1), message(2)]);
    });

    it('contains nothing when there is nothing to publish', async () => {
      await subject.queue.publish([]);
      expect(await subject.read()).toEqual([]);
    });

    it('contains a dead letter twice that is published again, with the same origin', async () => {
      await subject.queue.publish([deadLetter(1)]);
      await subject.queue.publish([deadLetter(1)]);
      expect(await subject.read()).toEqual([message(1), message(1)]);
    });

    it('contains the dead letters of several calls at the same time', async () => {
      const offsets = Array.from({ length: 20 }, (_, offset) => offset);
      await Promise.all(offsets.map((offset) => subject.queue.publish([deadLetter(offset)])));
      expect(await subject.read()).toHaveLength(20);
      expect(await subject.read()).toEqual(expect.arrayContaining(offsets.map(message)));
    });

    it('accepts a payload of ten megabytes, cut and marked as cut', async () => {
      const payload = Buffer.alloc(10 * 1024 * 1024, 'x');
      await subject.queue.publish([deadLetter(1, { key: payload, payload })]);
      expect(await subject.read()).toMatchObject([{ payloadBytes: payload.length, cut: true }]);
    });
  });
}
