import type { S3Client } from '@aws-sdk/client-s3';
import { S3BucketListing } from '../../../../localstack/event-sources/s3/bucket-listing.ts';
import { objectAt } from './bucket-source-rig.ts';

/** A listing whose requests fail: with the status of a response, or without a response. */
function failingListing(status: number | undefined): S3BucketListing {
  const error = Object.assign(new Error('failed'), { $metadata: { httpStatusCode: status } });
  return new S3BucketListing({ send: async () => Promise.reject(error) } as unknown as S3Client);
}

test.each([undefined, 404, 500, 503])(
  'a state that cannot be read now is no missing one: status %s',
  async (status) => {
    await expect(failingListing(status).state('b')).rejects.toThrow('failed');
  },
);

test.each([400, 403, 405])('a server that refuses the request offers no state: status %s', async (status) => {
  expect(await failingListing(status).state('b')).toBeUndefined();
});

test.each([undefined, 403, 500])('it is unknown whether an object is a copy: status %s', async (status) => {
  await expect(failingListing(status).isCopy('b', objectAt(1))).rejects.toThrow('failed');
});

test('an object that was deleted since the listing counts as no copy', async () => {
  expect(await failingListing(404).isCopy('b', objectAt(1))).toBe(false);
});
