import { describeObjectServer } from '../../contract/object-server.ts';
import { TEST_S3_SERVERS } from '../../support/s3-buckets.ts';
import { TestS3Server } from '../../support/s3-server.ts';

const started: TestS3Server[] = [];
afterAll(() => Promise.all(started.map((server) => server.dispose())));

for (const { kind } of TEST_S3_SERVERS) {
  describeObjectServer(
    `the S3 server "${kind}"`,
    async () => {
      const server = await TestS3Server.start(kind);
      started.push(server);
      return server;
    },
    { isMinio: kind === 'minio' },
  );
}
