import { unquoteETag } from '../../../functions/core/etag.ts';

test.each([
  ['"abc-2"', 'abc-2'],
  ['abc-2', 'abc-2'],
  ['', ''],
  [undefined, ''],
])('the ETag %j without quotes is %j', (eTag, expected) => {
  expect(unquoteETag(eTag)).toBe(expected);
});
