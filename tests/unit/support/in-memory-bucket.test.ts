import { describeBucketListing } from '../../contract/bucket-listing.ts';
import { describeObjectStore } from '../../contract/object-store.ts';
import { InMemoryBucket } from '../../support/in-memory-bucket.ts';
import { InMemoryBucketListing } from '../../support/in-memory-bucket-listing.ts';
import { InMemoryObjectStore } from '../../support/in-memory-object-store.ts';

for (const keepsVersions of [false, true]) {
  describeObjectStore(
    'InMemoryObjectStore',
    async () => {
      const bucket = new InMemoryBucket('salaries', keepsVersions);
      return {
        store: new InMemoryObjectStore(bucket),
        bucket: bucket.name,
        put: async (key, bytes) => {
          const { eTag, versionId } = bucket.put(key, bytes);
          const version = versionId ?? '1';
          return { bucket: bucket.name, key, version, versionId, sequencer: '1', eTag, sizeBytes: bytes.length };
        },
        delete: async (key) => bucket.delete(key),
        deleteVersion: async ({ key, versionId }) => bucket.deleteVersion(key, versionId ?? ''),
      };
    },
    { keepsVersions },
  );

  describeBucketListing(
    'InMemoryBucketListing',
    async () => {
      const bucket = new InMemoryBucket('salaries', keepsVersions);
      return {
        listing: new InMemoryBucketListing(bucket, 10),
        bucket: bucket.name,
        pageSize: 10,
        put: async (key, content) => bucket.put(key, content),
        delete: async (key) => bucket.delete(key),
      };
    },
    { keepsVersions },
  );
}
