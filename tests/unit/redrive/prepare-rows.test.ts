import { createHash } from 'node:crypto';
import { encodeDeadLetter } from '../../../functions/core/dead-letter.ts';
import { decodeEnvelope, type Envelope } from '../../../functions/core/dead-letter-envelope.ts';
import type { FileOrigin } from '../../../functions/core/dead-letter-origin.ts';
import type { FailedFile } from '../../../functions/core/redrive.ts';
import { prepareRows } from '../../../functions/redrive/prepare-rows.ts';
import type { Step } from '../../../functions/redrive/step.ts';
import { arrivalOf, BUCKET } from '../../contract/salary-database.ts';
import { InMemoryBucket } from '../../support/in-memory-bucket.ts';
import { InMemoryObjectStore } from '../../support/in-memory-object-store.ts';

const HEADER = 'Department,Department-Division,Position Title,Initial Hire Date,Salary\n';
const ROWS = ['EMS,Field,Medic,2015-01-01,1000', 'EMS,Field,Medic,2009-01-01,1000', 'EMS,Field,Medic,2015-01-01,many'];
const TEXT = `${HEADER}${ROWS.join('\n')}\n`;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let bucket: InMemoryBucket;
let store: InMemoryObjectStore;
let file: FailedFile;
beforeEach(() => {
  bucket = new InMemoryBucket(BUCKET);
  const { eTag, bytes } = bucket.put('a.csv', TEXT);
  store = new InMemoryObjectStore(bucket);
  const arrival = arrivalOf('a.csv', '1', { eTag, sizeBytes: bytes.length });
  file = { fileId: '5', state: 'complete', isEndRecorded: true, arrival };
});

interface FailedRow {
  readonly row?: number | null;
  readonly file?: FailedFile | null;
  readonly origin?: Partial<FileOrigin>;
  /** Fields of the value of the dead letter. */
  readonly changes?: object;
}

/** The dead letter of a row, from 1. */
function failed(number: number, { row = number, file: ofFile = file, origin = {}, changes = {} }: FailedRow = {}) {
  const text = ROWS[number - 1] ?? '';
  const start = TEXT.indexOf(text);
  const place = { bucket: BUCKET, key: 'a.csv', version: '1', line: number + 1, row: number };
  const payload = Buffer.from(text);
  const encoded = encodeDeadLetter(
    {
      ...{ code: 'PIPE_ROW_SALARY', reason: 'why', payload },
      origin: { ...place, byteRange: [start, start + text.length], ...origin },
    },
    { at: '2026-11-25T10:00:00.000Z', sha256: sha256(payload), traceparent: '00-1-2-00' },
  );
  const value = JSON.stringify({ ...JSON.parse(String(encoded.value)), ...changes });
  const envelope = decodeEnvelope(Buffer.from(value)) as Envelope;
  const claimed = {
    ...{ dlqId: envelope.id, kind: 'row' as const, topic: 'employee-salaries.dead-letter', partition: 0, offset: 7n },
    ...{ attempts: 1, firstAt: '2026-11-25T10:00:00.000Z', payloadBytes: payload.length, row, file: ofFile },
  };
  return { claimed, envelope, recordKey: null };
}

const prepare = (...deadLetters: readonly ReturnType<typeof failed>[]) =>
  prepareRows(deadLetters, {
    ...{
      store,
      sha256,
      salariesTopic: 'employee-salaries',
      describeTopic: async () => ({ topicId: 'id', partitionCount: 2 }),
    },
    filter: { departments: new Set(['EMS']), hiredSince: '2010-01-01' },
  });
const refusals = (steps: readonly Step[]) => steps.map((step) => (step.kind === 'refuse' ? step.refusal : step.kind));
const EDITED = {
  code: 'PIPE_REDRIVE_EDITED',
  reason: 'expected the row of the file that had failed, found another one; its dead letter was edited',
};

describe('rows of a file', () => {
  it('are judged again: published, filtered out, or rejected with the line', async () => {
    const steps = await prepare(failed(1), failed(2), failed(3));
    expect(steps).toMatchObject([
      { kind: 'publish', topic: 'employee-salaries', record: { key: null, partition: 1 } },
      { kind: 'filter', fileId: '5', row: 2 },
      {
        kind: 'return',
        deadLetter: { code: 'PIPE_ROW_SALARY', reason: expect.stringMatching(/^expected .+; line 4$/), payload: {} },
      },
    ]);
  });

  it('are read in the order of the file, so that one request is enough, and the connection is closed', async () => {
    let open = 0;
    const original = store.open.bind(store);
    jest.spyOn(store, 'open').mockImplementation(async (...args) => {
      const stream = await original(...args);
      if (stream === null) return null;
      open += 1;
      return (async function* () {
        try {
          yield* stream;
        } finally {
          open -= 1;
        }
      })();
    });
    const steps = await prepare(failed(3), failed(1), failed(2));
    expect(steps.map(({ claimed }) => claimed.row)).toEqual([1, 2, 3]);
    expect(store.openedAt).toEqual([0, HEADER.length]);
    expect(open).toBe(0);
  });
});

describe('rows are refused', () => {
  it('when the ledger does not know their file', async () => {
    expect(refusals(await prepare(failed(1, { file: null }), failed(2)))).toEqual(
      Array(2).fill({
        code: 'PIPE_REDRIVE_ORIGIN_GONE',
        reason: 'expected a file of the table ingested_file, found none',
      }),
    );
  });

  it('while their file is not complete', async () => {
    expect(refusals(await prepare(failed(1, { file: { ...file, state: 'rejected' } })))).toEqual([
      {
        code: 'PIPE_REDRIVE_FILE_STATE',
        reason: 'expected a complete file, found one that is rejected; redrive its rows when it is complete',
      },
    ]);
  });

  it('when their version is gone, also after its header was read', async () => {
    const gone = {
      code: 'PIPE_REDRIVE_ORIGIN_GONE',
      reason: 'expected the version of the file in the bucket, found none',
    };
    const original = store.open.bind(store);
    jest
      .spyOn(store, 'open')
      .mockImplementation(async (arrival, offset) => (offset === 0 ? original(arrival, 0) : null));
    expect(refusals(await prepare(failed(1)))).toEqual([gone]);
    bucket.delete('a.csv');
    expect(refusals(await prepare(failed(1), failed(2)))).toEqual([gone, gone]);
  });

  it('when their dead letter does not say where they are', async () => {
    expect(refusals(await prepare(failed(1, { row: null })))).toEqual([EDITED]);
    const { origin } = failed(1).envelope;
    const { byteRange: _, ...nowhere } = origin as FileOrigin;
    expect(refusals(await prepare(failed(1, { changes: { origin: nowhere } })))).toEqual([EDITED]);
  });

  it.each([
    ['another payload', { payload: 'EMS,Field,Medic,2015-01-01,9999' }],
    ['another length', { payloadBytes: 30 }],
    ['another checksum', { sha256: sha256(Buffer.from('x')) }],
    ['a shorter payload of the length', { payload: 'EMS', payloadBytes: 3 }],
    ['neither a checksum nor the whole payload', { sha256: null, cut: true }],
  ])('when their dead letter has %s', async (_, changes) => {
    expect(refusals(await prepare(failed(1, { changes })))).toEqual([EDITED]);
  });

  it('when the range has other bytes of the same length', async () => {
    expect(refusals(await prepare(failed(1, { origin: { byteRange: [1, 1 + (ROWS[0]?.length ?? 0)] } })))).toEqual([
      EDITED,
    ]);
  });
});

test('a row is accepted by its checksum when its dead letter is cut, and by its bytes without a checksum', async () => {
  const cut = { cut: true, payload: 'EMS,Field' };
  expect(refusals(await prepare(failed(1, { changes: cut })))).toEqual(['publish']);
  expect(refusals(await prepare(failed(1, { changes: { ...cut, payload: null, payloadEncoding: null } })))).toEqual([
    'publish',
  ]);
  expect(refusals(await prepare(failed(1, { changes: { sha256: null } })))).toEqual(['publish']);
});

test('an unreachable bucket is no reason to refuse a row', async () => {
  bucket.outage = new Error('unreachable');
  await expect(prepare(failed(1))).rejects.toThrow('unreachable');
});
