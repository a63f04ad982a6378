import fc from 'fast-check';
import type { Message } from 'kafkajs';
import kafkajsCrc32c from 'kafkajs/src/protocol/recordBatch/crc32C/index.js';
import produce, { type ProduceOptions } from 'kafkajs/src/protocol/requests/produce/index.js';
import { crc32c } from '../../../../functions/adapters/kafka/crc32c.ts';
import { encodeProduceRequest } from '../../../../functions/adapters/kafka/produce-request.ts';

const VERSIONS = [3, 4, 5, 6, 7];
const NOW = 1_700_000_000_123;

/** What kafkajs itself makes of the options; nothing here has replaced it. */
async function encodeByKafkajs(options: ProduceOptions, version = 7): Promise<Buffer> {
  return (await produce.protocol({ version })(options).request.encode()).buffer;
}

const text = fc.string({ unit: 'grapheme', maxLength: 300 });
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const present = fc.oneof(text, bytes);
const timestamp = fc.oneof(
  fc.nat({ max: 4_000_000_000_000 }).map(String),
  fc.constantFrom('1700000000000', '1700000000001', '0', '9999999999999'),
);
const message: fc.Arbitrary<Message> = fc.record(
  {
    key: fc.option(present),
    value: fc.option(present),
    headers: fc.dictionary(text, fc.oneof(present, fc.array(present, { maxLength: 3 })), { maxKeys: 3 }),
    timestamp,
  },
  { requiredKeys: ['value'] },
);
const options: fc.Arbitrary<ProduceOptions> = fc.record(
  {
    acks: fc.constantFrom(-1, 0, 1),
    timeout: fc.nat(),
    transactionalId: fc.option(text),
    producerId: fc.oneof(fc.bigInt({ min: -1n, max: 2n ** 63n - 1n }), fc.nat()),
    producerEpoch: fc.nat({ max: 32_767 }),
    topicData: fc.array(
      fc.record({
        topic: text,
        partitions: fc.array(
          fc.record({
            partition: fc.nat({ max: 100 }),
            firstSequence: fc.nat(),
            messages: fc.array(message, { minLength: 1, maxLength: 20 }),
          }),
          { maxLength: 3 },
        ),
      }),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: ['acks', 'timeout', 'topicData'] },
);

const oneBatch = (messages: Message[]): ProduceOptions => ({
  acks: -1,
  timeout: 30_000,
  topicData: [{ topic: 'employee-salaries', partitions: [{ partition: 5, firstSequence: 7, messages }] }],
});

describe('encodeProduceRequest', () => {
  beforeEach(() => jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'setImmediate'] }));
  afterEach(() => jest.useRealTimers());

  it('makes of any request the bytes that kafkajs makes of it', async () => {
    await fc.assert(
      fc.asyncProperty(options, fc.constantFrom(...VERSIONS), async (request, version) => {
        expect(encodeProduceRequest(request).equals(await encodeByKafkajs(request, version))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['thousands of records, so that offsets take several bytes', Array.from({ length: 9_000 }, () => ({ value: 'x' }))],
    ['a value beyond the first buffer', [{ value: 'é'.repeat(200_000) }, { value: Buffer.alloc(300_000, 7) }]],
    ['surrogates without their half', [{ key: '\ud800', value: '\udc00\ud83d' }]],
    [
      'a batch spread over half a century',
      [
        { value: '', timestamp: '1' },
        { value: null, timestamp: '1700000000000' },
      ],
    ],
    ['times given for some records only', [{ value: 'a' }, { value: 'b', timestamp: '1600000000000' }]],
    ['an empty key and no key', [{ key: '', value: '' }, { key: null, value: null }, { value: 'v' }]],
  ] as [string, Message[]][])('equals kafkajs for %s', async (_, messages) => {
    const request = oneBatch(messages);
    expect(encodeProduceRequest(request).equals(await encodeByKafkajs(request))).toBe(true);
  });
});

describe('crc32c', () => {
  it('gives the sum that is published for the digits 1 to 9', () => {
    expect(crc32c(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283);
  });

  it('sums any part of a buffer as kafkajs does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 20 }), fc.nat({ max: 20 }), (array, skip, drop) => {
        const all = Buffer.from(array);
        const start = Math.min(skip, all.length);
        const end = Math.max(start, all.length - drop);
        expect(crc32c(all, start, end)).toBe(kafkajsCrc32c(all.subarray(start, end)));
      }),
    );
  });
});
