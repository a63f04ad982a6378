import { encodeDeadLetter } from '../../../functions/core/dead-letter.ts';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import { DeadLetterIndexer } from '../../../functions/index-dead-letters/dead-letter-indexer.ts';
import { InMemoryDeadLetterLedger } from '../../support/in-memory-dead-letter-ledger.ts';

const STAMP = { at: '2026-11-26T10:00:00.000Z', sha256: 'ab'.repeat(32), traceparent: '00-1-2-00' };
const recordOf = (offset: number, value: Buffer | null): KafkaRecord => ({
  ...{ topic: 'employee-salaries.dead-letter', partition: 1, offset: String(offset) },
  ...{ timestampMs: Date.parse('2026-11-26T11:00:00Z'), key: null, value },
});
const deadLetter = (offset: number) => {
  const origin = { topic: 'employee-salaries', partition: 2, offset: String(offset) };
  const encoded = encodeDeadLetter({ code: 'PIPE_X', reason: 'expected x', origin, payload: Buffer.from('p') }, STAMP);
  return recordOf(offset, Buffer.from(String(encoded.value)));
};

const REFUSED = Object.assign(new Error('refused'), { code: '22021' });

let ledger: InMemoryDeadLetterLedger;
let indexer: DeadLetterIndexer;
beforeEach(() => {
  ledger = new InMemoryDeadLetterLedger();
  indexer = new DeadLetterIndexer(ledger);
});

test('indexes a batch, and the same batch again without a change', async () => {
  const batch = [deadLetter(1), deadLetter(2)];
  expect(await indexer.index(batch)).toEqual({ received: 2, added: 2, updated: 0 });
  expect(await indexer.index(batch)).toEqual({ received: 2, added: 0, updated: 0 });
});

test('indexes a record that is no dead letter by its place', async () => {
  await indexer.index([recordOf(3, Buffer.from('hello')), recordOf(4, null)]);
  expect([...ledger.entries.values()]).toMatchObject([
    { id: 'employee-salaries.dead-letter/1/3', code: 'PIPE_DEAD_LETTER_UNREADABLE', payloadBytes: 5, state: 'open' },
    { id: 'employee-salaries.dead-letter/1/4', code: 'PIPE_DEAD_LETTER_UNREADABLE', payloadBytes: null },
  ]);
});

test('indexes the others and the place of one that the database refuses', async () => {
  ledger.onIndex = (entries) => {
    if (entries.some(({ id }) => id === 'employee-salaries/2/2')) throw REFUSED;
  };
  expect(await indexer.index([1, 2, 3].map(deadLetter))).toEqual({ received: 3, added: 3, updated: 0 });
  expect([...ledger.entries.keys()]).toEqual([
    'employee-salaries/2/1',
    'employee-salaries.dead-letter/1/2',
    'employee-salaries/2/3',
  ]);
});

test('fails while the database is away, so that the batch is retried', async () => {
  ledger.onIndex = () => {
    throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
  };
  await expect(indexer.index([deadLetter(1)])).rejects.toThrow('away');
  expect(ledger.entries.size).toBe(0);
});

test('counts those that have failed again, one by one too', async () => {
  const ledgerOf = (isRefused: (count: number) => boolean) => ({
    index: async (entries: readonly unknown[]) => {
      if (isRefused(entries.length)) throw REFUSED;
      return { added: 1, updated: entries.length + 1 };
    },
  });
  const batch = [deadLetter(1), deadLetter(2)];
  const each = new DeadLetterIndexer(ledgerOf((count) => count > 1));
  expect(await each.index(batch)).toEqual({ received: 2, added: 2, updated: 4 });
});

test('fails when the database goes away while it indexes one by one', async () => {
  const errors = [REFUSED, Object.assign(new Error('away'), { code: 'ECONNREFUSED' })];
  ledger.onIndex = () => {
    const error = errors.shift();
    if (error) throw error;
  };
  await expect(indexer.index([deadLetter(1), deadLetter(2)])).rejects.toThrow('away');
  expect(ledger.entries.size).toBe(0);
});
