import { encodeKey, s3Event } from '../../../../localstack/event-sources/s3/s3-event.ts';

test.each([
  ['a b/ü+.csv', 'a+b/%C3%BC%2B.csv'],
  ['100%/x=1&y', '100%25/x%3D1%26y'],
  ["it's (1)!*~", 'it%27s+%281%29%21*%7E'],
])('[documented] the key %s is encoded as %s', (key, encoded) => {
  expect(encodeKey(key)).toBe(encoded);
  expect(decodeURIComponent(encoded.replaceAll('+', ' '))).toBe(key);
});

test('[documented] one record, names without s3:, eTag without quotes', () => {
  const event = s3Event(
    {
      eventName: 'ObjectCreated:Put',
      key: 'k',
      size: 3,
      eTag: '"abc"',
      sequencer: '0A',
      time: new Date('2026-01-02T03:04:05.678Z'),
    },
    {
      region: 'eu-central-1',
      accountId: '1',
      bucket: 'b',
      bucketArn: 'arn:aws:s3:::b',
      configurationId: 'c',
      eventVersion: '2.1',
    },
  );
  expect(event.Records).toHaveLength(1);
  expect(event.Records[0]).toMatchObject({
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'eu-central-1',
    eventTime: '2026-01-02T03:04:05.678Z',
    eventName: 'ObjectCreated:Put',
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'c',
      bucket: { name: 'b', arn: 'arn:aws:s3:::b' },
      object: { key: 'k', size: 3, eTag: 'abc', sequencer: '0A' },
    },
  });
  expect(event.Records[0]?.s3.object).not.toHaveProperty('versionId');
});
