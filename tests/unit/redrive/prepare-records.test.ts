import { createHash } from 'node:crypto';
import { encodeDeadLetter, type DeadLetter } from '../../../functions/core/dead-letter.ts';
import { decodeEnvelope, type Envelope } from '../../../functions/core/dead-letter-envelope.ts';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import type { RecordReader } from '../../../functions/ports/record-reader.ts';
import { prepareRecord } from '../../../functions/redrive/prepare-records.ts';

const TOPIC = 'employee-changes';
const NOW = new Date('2026-11-26T12:00:00.000Z');
const DAY_MS = 24 * 60 * 60 * 1000;
const daysAgo = (days: number, ms = 0) => new Date(NOW.getTime() - days * DAY_MS - ms).toISOString();
const change = (changedAt: string) => Buffer.from(`{"schema":1,"changedAt":"${changedAt}"}`);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const origin = { topic: TOPIC, partition: 1, offset: '42' };

function envelopeOf(more: Partial<DeadLetter>, changes: object): Envelope {
  const deadLetter = { code: 'PIPE_X', reason: 'why', origin, payload: change(daysAgo(1)), key: null, ...more };
  const stamp = { at: daysAgo(1), sha256: deadLetter.payload && sha256(deadLetter.payload), traceparent: '00-1-2-00' };
  const fields = JSON.parse(String(encodeDeadLetter(deadLetter, stamp).value));
  return decodeEnvelope(Buffer.from(JSON.stringify({ ...fields, ...changes }))) as Envelope;
}

interface Situation {
  readonly topic?: string;
  readonly deadLetter?: Partial<DeadLetter>;
  /** Fields of the value of the dead letter. */
  readonly changes?: object;
  readonly partitions?: number;
  readonly firstAt?: string;
  /** What the topic of origin has. */
  readonly record?: Partial<KafkaRecord>;
}

async function prepare({ topic = TOPIC, deadLetter = {}, changes = {}, partitions = 3, ...rest }: Situation = {}) {
  const envelope = envelopeOf(deadLetter, changes);
  const claimed = {
    ...{ dlqId: envelope.id, kind: 'record' as const, topic: `${topic}.dead-letter`, partition: 0, offset: 7n },
    ...{ attempts: 2, firstAt: rest.firstAt ?? daysAgo(1), payloadBytes: 0, row: null, file: null },
  };
  const read = async () => (rest.record ? [{ timestampMs: 0, ...origin, key: null, value: null, ...rest.record }] : []);
  const step = await prepareRecord(
    { claimed, envelope, recordKey: Buffer.from('key of the dead letter') },
    {
      reader: { read } as unknown as RecordReader,
      ...{ sha256, changesTopic: TOPIC, now: () => NOW },
      describeTopic: async () => ({ topicId: 'id', partitionCount: partitions }),
    },
  );
  if (step.kind === 'refuse') return step.refusal;
  return step.kind === 'publish' ? { topic: step.topic, ...step.record } : step;
}

const code = async (situation: Situation) => {
  const found = await prepare(situation);
  return 'code' in found ? found.code : 'published';
};

describe('the partition of a record that is published again', () => {
  const first = (from: object) => ({ changes: { first: { origin: from, at: daysAgo(1) } } });

  it('is the one that it was published to first', async () => {
    expect(await prepare(first({ ...origin, partition: 2 }))).toMatchObject({ topic: TOPIC, partition: 2 });
  });

  it('is the one where it failed last when it came from elsewhere', async () => {
    expect(await prepare(first({ ...origin, topic: 'other', partition: 2 }))).toMatchObject({ partition: 1 });
    expect(await prepare(first({ bucket: 'b', key: 'k', version: 'v' }))).toMatchObject({ partition: 1 });
  });

  it('must exist', async () => {
    expect(await code({ partitions: 2 })).toBe('published');
    expect(await prepare({ partitions: 1 })).toEqual({
      code: 'PIPE_REDRIVE_ORIGIN_GONE',
      reason: 'expected partition 1 of topic employee-changes, where the record was, found 1 partitions',
    });
  });
});

describe('the content of a record that is published again', () => {
  const key = Buffer.from('7');
  const headers = [['source', Buffer.from('s')]] as const;

  it('is that of its dead letter', async () => {
    const found = await prepare({ deadLetter: { key, headers } });
    expect(found).toMatchObject({
      key,
      value: change(daysAgo(1)),
      headers: [headers[0], ['dlq.id', expect.anything()], ...[{}, {}]],
    });
    expect(await prepare({ deadLetter: { key: null } })).toMatchObject({ key: null });
  });

  it('has the key of the dead letter itself when that was too long to be repeated', async () => {
    expect(await prepare({ changes: { key: undefined } })).toMatchObject({
      key: Buffer.from('key of the dead letter'),
    });
  });

  it('may be no value at all', async () => {
    expect(await prepare({ deadLetter: { payload: null } })).toMatchObject({ value: null });
  });

  it.each([{ cut: true }, { headersCut: true }])('is that of the topic of origin when %j', async (changes) => {
    const record = { key, value: change(daysAgo(1)) };
    expect(await prepare({ changes, record })).toMatchObject({
      ...record,
      headers: [['dlq.id', expect.anything()], ...[{}, {}]],
    });
    expect(await prepare({ changes, record: { ...record, headers } })).toMatchObject({
      headers: [headers[0], ...[{}, {}, {}]],
    });
    expect(await prepare({ changes })).toEqual({
      code: 'PIPE_REDRIVE_ORIGIN_GONE',
      reason:
        'expected the record in its topic, because its dead letter has not all of it, found none; the topic has deleted it ' +
        'after its retention time',
    });
  });

  it('must be what had failed', async () => {
    const edited = {
      code: 'PIPE_REDRIVE_EDITED',
      reason:
        'expected the payload that had failed, found another one; publish an edited record without its dead letter',
    };
    expect(await prepare({ changes: { payload: change(daysAgo(2)).toString() } })).toEqual(edited);
    expect(await prepare({ changes: { payloadBytes: 5 } })).toEqual(edited);
    expect(await prepare({ changes: { payload: null, payloadEncoding: null } })).toEqual(edited);
    expect(await prepare({ changes: { cut: true }, record: { value: null } })).toEqual(edited);
  });

  it('is trusted without a checksum, as in version 0.1.0, only when the dead letter has all of it', async () => {
    expect(await code({ changes: { sha256: null } })).toBe('published');
    expect(await code({ changes: { sha256: null, payloadBytes: 5 } })).toBe('PIPE_REDRIVE_EDITED');
    const record = { value: change(daysAgo(1)) };
    expect(await code({ changes: { sha256: null, cut: true }, record })).toBe('PIPE_REDRIVE_EDITED');
  });

  it('belongs to the topic of the dead-letter topic', async () => {
    expect(await prepare({ topic: 'employee-salaries' })).toEqual({
      code: 'PIPE_REDRIVE_EDITED',
      reason:
        'expected a dead letter of topic employee-salaries, found one that names another origin; its dead letter was edited',
    });
    const file = { bucket: 'b', key: 'k', version: 'v' };
    expect(await code({ deadLetter: { origin: file } })).toBe('PIPE_REDRIVE_EDITED');
  });
});

describe('a change', () => {
  const of = (payload: Buffer | null) => ({ deadLetter: { payload } });
  const failedFirst = (at: string | null) => ({ changes: { first: { origin, at } } });

  it('is not published again after 30 days, in which a deletion may have been forgotten', async () => {
    expect(await code(of(change(daysAgo(30))))).toBe('published');
    expect(await prepare(of(change(daysAgo(30, 1))))).toEqual({
      code: 'PIPE_REDRIVE_TOO_OLD',
      reason:
        'expected a change of the last 30 days, found an older one; the target may have forgotten that its employee was ' +
        'deleted, so run "npm run resnapshot" instead',
    });
  });

  it('is at least as old as its first failure', async () => {
    for (const payload of [change(daysAgo(1)), change('no time'), Buffer.from('text'), null]) {
      expect(await code({ ...of(payload), ...failedFirst(daysAgo(30)) })).toBe('published');
      expect(await code({ ...of(payload), ...failedFirst(daysAgo(30, 1)) })).toBe('PIPE_REDRIVE_TOO_OLD');
    }
  });

  it('has failed first when the ledger says so, if its dead letter does not', async () => {
    expect(await code({ ...failedFirst('unknown'), firstAt: daysAgo(31) })).toBe('PIPE_REDRIVE_TOO_OLD');
    expect(await code({ ...failedFirst('unknown'), firstAt: daysAgo(2) })).toBe('published');
  });

  it('may be older on another topic', async () => {
    const salaries = { ...origin, topic: 'employee-salaries' };
    const deadLetter = { origin: salaries, payload: change(daysAgo(31)) };
    expect(await code({ topic: 'employee-salaries', deadLetter })).toBe('published');
  });
});
