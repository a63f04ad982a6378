import { TEST_CREDENTIALS } from './s3-server.ts';

const VARIABLES = ['AWS_ENDPOINT_URL_S3', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

/** Restores the environment after the tests of a block. `set` makes the functions' S3 client use a server. */
export function useS3Environment(): { set(endpoint: string): void } {
  let previous: NodeJS.ProcessEnv;
  beforeAll(() => {
    previous = { ...process.env };
  });
  afterAll(() => {
    for (const name of VARIABLES) {
      if (previous[name] === undefined) delete process.env[name];
      else process.env[name] = previous[name];
    }
  });
  return {
    set: (endpoint) => {
      process.env['AWS_ENDPOINT_URL_S3'] = endpoint;
      process.env['AWS_REGION'] = 'eu-central-1';
      process.env['AWS_ACCESS_KEY_ID'] = TEST_CREDENTIALS.accessKeyId;
      process.env['AWS_SECRET_ACCESS_KEY'] = TEST_CREDENTIALS.secretAccessKey;
    },
  };
}
