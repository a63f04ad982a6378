import type { S3Client } from '@aws-sdk/client-s3';
import { createBucket } from '../support/s3-buckets.ts';
import { describeCredentials } from './object-server/credentials.ts';
import { describeDurability } from './object-server/durability.ts';
import { describeKeys } from './object-server/keys.ts';
import { describeListing } from './object-server/listing.ts';
import { describeMultipart } from './object-server/multipart.ts';
import { describeObjects } from './object-server/objects.ts';
import { createClient, type ObjectServerUnderTest, type Subject } from './object-server/subject.ts';
import { describeUploads } from './object-server/uploads.ts';

export type { ObjectServerUnderTest } from './object-server/subject.ts';

/**
 * What the pipelines need of an S3 server: a lost key or a half object would be lost salaries. `make` is called once.
 *
 * @param isMinio MinIO confuses keys (`/b` is `b`, `x/y` is not listed beside `x`) and aborts reads of replaced objects.
 */
export function describeObjectServer(
  name: string,
  make: () => Promise<ObjectServerUnderTest>,
  { isMinio }: { readonly isMinio: boolean },
): void {
  describe(`${name} as an object server`, () => {
    let server: ObjectServerUnderTest;
    let client: S3Client;
    let bucket: string;
    const getSubject = (): Subject => ({ server, client, bucket });

    beforeAll(async () => {
      server = await make();
      client = createClient(server);
    });
    beforeEach(async () => {
      bucket = await createBucket(client, false);
    });
    afterAll(() => client.destroy());

    describeListing(getSubject);
    if (!isMinio) describeKeys(getSubject);
    describeObjects(getSubject);
    describeUploads(getSubject);
    describeCredentials(getSubject);
    describeMultipart(getSubject);
    describeDurability(getSubject, { isMinio });
  });
}
