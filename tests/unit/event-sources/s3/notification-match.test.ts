import type { BucketNotification } from '../../../../localstack/event-sources/model/bucket-notification.ts';
import { correctedRule, notificationMatches } from '../../../../localstack/event-sources/s3/notification-match.ts';

const matches = (rule: Partial<BucketNotification>, key: string, eventName = 'ObjectCreated:Put') =>
  notificationMatches(
    { events: ['s3:ObjectCreated:*'], prefix: '', suffix: '', ...rule } as BucketNotification,
    eventName,
    key,
  );

test.each([
  ['ObjectCreated:CompleteMultipartUpload', 'in/a.csv', true],
  ['ObjectRemoved:Delete', 'in/a.csv', false],
  ['ObjectCreated:Put', 'in/a.CSV', false],
  ['ObjectCreated:Put', 'out/a.csv', false],
])('[documented] S3 filters: prefix, suffix and event name decide: %s of %s', (eventName, key, expected) => {
  expect(matches({ prefix: 'in/', suffix: '.csv' }, key, eventName)).toBe(expected);
});

test.each([
  ['in+box/', 'in box/a', true],
  ['in%20box/', 'in box/a', false],
  ['in box/', 'in box/a', false],
  ['in+box/', 'in+box/a', false],
  ['in%2Bbox/', 'in+box/a', true],
  ['%C3%BC', 'ü', true],
  ['%c3%bc', 'ü', true],
  ['ü', 'ü', false],
  ['a%26b', 'a&b', true],
  ['a&b', 'a&b', false],
  ["!-_.*'()/", "!-_.*'()/a", true],
  ['%28a%29', '(a)', true],
  ['a/b', 'a/b', true],
  ['a%2Fb', 'a/b', true],
  ['*', 'a', false],
  ['100%25', '100%', true],
  ['100%', '100%', true],
])('[documented] S3 filters: the prefix %s is compared with the encoded key of "%s": %s', (prefix, key, expected) => {
  expect(matches({ prefix }, key)).toBe(expected);
});

test('[documented] S3 filters: the suffix is compared with the encoded key too', () => {
  expect(matches({ suffix: '+1.csv' }, 'a 1.csv')).toBe(true);
  expect(matches({ suffix: ' 1.csv' }, 'a 1.csv')).toBe(false);
});

test.each([
  ['in box/', 'in+box/'],
  ['ü&ö', '%C3%BC%26%C3%B6'],
  ['a b%C3', 'a+b%C3'],
  ['in%20box/', 'in+box/'],
  ['\u{1F600}', '%F0%9F%98%80'],
  ['50%', undefined],
  ['{x}', '%7Bx%7D'],
  ['in+box/', undefined],
  ["!-_.*'()/", undefined],
  ['', undefined],
])('a rule that no key matches has its encoded form: %s', (rule, expected) => {
  expect(correctedRule(rule)).toBe(expected);
});
