import { readFileSync } from 'node:fs';
import { continuationEvent } from '../../../functions/transform-csv/checkpoint.ts';
import { decodeTransformEvent, filesOf } from '../../../functions/transform-csv/transform-event.ts';

const put = readFileSync('tests/fixtures/events/s3-object-created-put.json', 'utf8');

/** The event of a put with changed fields of its object. An undefined value removes the field. */
function eventOf(object: Record<string, unknown>, eventName = 'ObjectCreated:Put'): unknown {
  const event = JSON.parse(put);
  event.Records[0].eventName = eventName;
  Object.assign(event.Records[0].s3.object, object);
  return JSON.parse(JSON.stringify(event));
}

function arrivalOf(event: unknown) {
  const { checkpoints } = decodeTransformEvent(event);
  expect(checkpoints).toHaveLength(1);
  return checkpoints[0]?.arrival;
}

const arrival = {
  bucket: 'salary-files',
  key: 'a.csv',
  version: 'v1',
  versionId: 'v1',
  sequencer: null,
  eTag: 'e',
  sizeBytes: 3,
};

describe('decodeTransformEvent', () => {
  it('decodes the event of a put, including the encoded key', () => {
    expect(decodeTransformEvent(JSON.parse(put))).toEqual({
      checkpoints: [
        {
          phase: 'begin',
          arrival: {
            bucket: 'salary-files',
            key: '2026/Employee Salaries + 100% Zürich.csv',
            version: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
            versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
            sequencer: '0055AED6DCD90281E5',
            eTag: '0123456789abcdef0123456789abcdef',
            sizeBytes: 831243,
            sentAt: '2026-03-02T04:05:06.789Z',
          },
        },
      ],
      ignoredKeys: [],
    });
  });

  it('accepts an event without a usable time', () => {
    const event = JSON.parse(put);
    event.Records[0].eventTime = 'yesterday';
    expect(arrivalOf(event)).not.toHaveProperty('sentAt');
  });

  it.each([
    ['plain.csv', 'plain.csv'],
    ['a+b.csv', 'a b.csv'],
    ['a%2Bb.csv', 'a+b.csv'],
    ['100%25.csv', '100%.csv'],
    ['%E6%97%A5%E6%9C%AC/%F0%9F%98%80.csv', '日本/😀.csv'],
    ['a%252Bb.csv', 'a%2Bb.csv'],
  ])('decodes key %s as %s', (key, expected) => {
    expect(arrivalOf(eventOf({ key }))?.key).toBe(expected);
  });

  it.each([[undefined], [null], ['null'], ['']])(
    'names the version by the sequencer when the version id is %j, because the bucket keeps no versions',
    (versionId) => {
      expect(arrivalOf(eventOf({ versionId }))).toMatchObject({ version: '0055AED6DCD90281E5', versionId: null });
    },
  );

  it('names the version by the ETag without quotes when there is no sequencer either', () => {
    const found = arrivalOf(eventOf({ versionId: undefined, sequencer: undefined, eTag: '"abc"' }));
    expect(found).toMatchObject({ version: 'etag:abc', sequencer: null, eTag: 'abc' });
  });

  it.each([
    'ObjectCreated:Put',
    'ObjectCreated:Post',
    'ObjectCreated:Copy',
    'ObjectCreated:CompleteMultipartUpload',
    's3:ObjectCreated:Put',
  ])('accepts %s', (eventName) => {
    expect(decodeTransformEvent(eventOf({}, eventName)).checkpoints).toHaveLength(1);
  });

  it('ignores other events and other keys, and returns their keys', () => {
    const { key } = arrivalOf(JSON.parse(put)) ?? {};
    for (const eventName of ['ObjectRemoved:Delete', 'NotObjectCreated:Put', 'ObjectCreatedLater']) {
      const event = eventOf({ eTag: undefined, size: undefined }, eventName);
      expect(decodeTransformEvent(event)).toEqual({ checkpoints: [], ignoredKeys: [key] });
    }
    for (const key of ['notes.txt', 'SALARIES.CSV', 'a.csv.gz', 'csv']) {
      expect(decodeTransformEvent(eventOf({ key }))).toEqual({ checkpoints: [], ignoredKeys: [key] });
    }
  });

  it('returns every record of an event, in order', () => {
    const one = eventOf({ key: 'one.csv' }) as { Records: unknown[] };
    const two = eventOf({ key: 'two.csv' }) as { Records: unknown[] };
    const { checkpoints } = decodeTransformEvent({ Records: [...one.Records, ...two.Records] });
    expect(checkpoints.map((checkpoint) => checkpoint.arrival.key)).toEqual(['one.csv', 'two.csv']);
  });

  it('decodes an event of reconcile-bucket', () => {
    expect(decodeTransformEvent({ arrival })).toEqual({ checkpoints: [{ phase: 'begin', arrival }], ignoredKeys: [] });
  });

  it('decodes its own continuation events', () => {
    const columns = { count: 8, department: 0, departmentDivision: 1, positionTitle: 3, hireDate: 5, salary: 7 };
    const counts = { read: 5, filteredOut: 2, rejected: 1, sent: 2 };
    const firstRow = { byteOffset: 100, line: 2 };
    for (const checkpoint of [
      { phase: 'begin', arrival },
      { phase: 'judge', arrival, byteOffset: 0, line: 1, columns: null, firstRow: null },
      { phase: 'judge', arrival, byteOffset: 500, line: 9, columns, firstRow },
      { phase: 'send', arrival, byteOffset: 500, line: 9, columns, counts },
    ] as const) {
      const event = JSON.parse(JSON.stringify(continuationEvent(checkpoint)));
      const { checkpoints, ignoredKeys } = decodeTransformEvent(event);
      expect(checkpoints).toMatchObject([checkpoint]);
      expect(ignoredKeys).toEqual([]);
    }
  });

  it.each([
    ['nothing', undefined, /S3 event notification/],
    ['null', null, /S3 event notification/],
    ['a text', 'x', /S3 event notification/],
    ['an SQS event', { Records: [{ body: '' }] }, /Records\[0\]\.eventName/],
    ['an event without records', { Records: [] }, /Records/],
    ['a record without a key', eventOf({ key: undefined }), /Records\[0\]\.s3\.object\.key/],
    ['a created object without an ETag', eventOf({ eTag: undefined }), /expected an eTag/],
    ['a key that is not URL-encoded', eventOf({ key: '100%.csv' }), /URL-encoded object key.*100%\.csv/],
    ['a checkpoint of another schema', { checkpoint: { schema: 2, phase: 'begin', arrival } }, /continuation/],
    ['a checkpoint without a position', { checkpoint: { schema: 1, phase: 'send', arrival } }, /byteOffset/],
    ['a file without a version', { arrival: { ...arrival, version: undefined } }, /reconcile-bucket.*version/s],
  ])('refuses %s with what was expected', (_, event, message) => {
    expect(() => decodeTransformEvent(event)).toThrow(TypeError);
    expect(() => decodeTransformEvent(event)).toThrow(message);
  });

  it('refuses a key that is not URL-encoded with the error of the decoder as the cause', () => {
    expect(() => decodeTransformEvent(eventOf({ key: '%' }))).toThrow(
      expect.objectContaining({ cause: expect.any(URIError) }),
    );
  });
});

describe('filesOf', () => {
  it('names each file of an event, so that a failure is reported for it', () => {
    const { Records } = eventOf({ key: 'a+b.csv' }) as { Records: unknown[] };
    const event = { Records: [...Records, ...(eventOf({ key: 'c.csv' }) as { Records: unknown[] }).Records] };
    expect(filesOf('transform-csv')(event)).toEqual([
      { id: 'transform-csv/salary-files/a b.csv' },
      { id: 'transform-csv/salary-files/c.csv' },
    ]);
  });

  it('names the function for an event that cannot be decoded', () => {
    expect(filesOf('transform-csv')({ Records: [] })).toEqual([{ id: 'transform-csv' }]);
  });
});
