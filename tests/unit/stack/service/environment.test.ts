import { applyEnvironment, localEnvironment } from '../../../../localstack/stack/service/environment.ts';
import { readSettings } from '../../../../localstack/stack/service/settings.ts';
import { exampleEndpoints, exampleService } from './example-service.ts';

const { environment } = readSettings({
  environment: {
    replace: {
      KAFKA_BROKERS: { endpoint: 'kafka.brokers' },
      KAFKA_AUTH: 'none',
      TARGET_DATABASE_URL: { endpoint: 'targetDatabaseUrl' },
      TARGET_DATABASE_SECRET_ARN: null,
      NODE_EXTRA_CA_CERTS: null,
    },
    add: { LOG_LEVEL: 'DEBUG' },
  },
});
const resources = [
  { logicalId: 'OffsetTable', name: 'offsets' },
  { logicalId: undefined, name: 'bucket' },
];
const local = localEnvironment(exampleEndpoints, environment, resources);

test('replaces the variables that the service defines, with texts and with endpoints', () => {
  const service = exampleService({ KAFKA_BROKERS: { 'Fn::GetAtt': ['Kafka', 'Brokers'] }, KAFKA_AUTH: 'iam' });
  expect(applyEnvironment(service, local)).toEqual([]);
  expect(service.provider.environment).toMatchObject({ KAFKA_BROKERS: '127.0.0.1:1,127.0.0.1:7', KAFKA_AUTH: 'none' });
});

test('gives no function a replaced variable that it does not define', () => {
  const service = exampleService({}, { OTHER: 'kept' });
  applyEnvironment(service, local);
  expect(service.getFunction('work').environment).toEqual({ OTHER: 'kept' });
  expect(service.provider.environment).not.toHaveProperty('TARGET_DATABASE_URL');
});

test('gives all functions the added variables, and the addresses and credentials that the AWS SDK reads', () => {
  const service = exampleService({});
  applyEnvironment(service, local);
  expect(service.provider.environment).toMatchObject({
    LOG_LEVEL: 'DEBUG',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:4',
    AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:5',
    AWS_ENDPOINT_URL_LAMBDA: 'http://127.0.0.1:6',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_ACCESS_KEY_ID: 'key',
  });
});

test('removes the variables that are null in the settings', () => {
  const service = exampleService({ NODE_EXTRA_CA_CERTS: '/x' }, { TARGET_DATABASE_SECRET_ARN: { Ref: 'Secret' } });
  expect(applyEnvironment(service, local)).toEqual([]);
  expect(service.provider.environment).not.toHaveProperty('NODE_EXTRA_CA_CERTS');
  expect(service.getFunction('work').environment).toEqual({});
});

test('resolves references to local resources, and returns the variables whose references it cannot resolve', () => {
  const service = exampleService({}, { OFFSET_TABLE: { Ref: 'OffsetTable' }, QUEUE: { Ref: 'Queue' } });
  expect(applyEnvironment(service, local)).toEqual(['work.QUEUE']);
  expect(service.getFunction('work').environment).toMatchObject({ OFFSET_TABLE: 'offsets' });
});

test.each(['kafka', 'kafka.hosts', 'nothing.at.all'])('refuses %s, which is not an endpoint', (endpoint) => {
  expect(() => localEnvironment(exampleEndpoints, { replace: { X: { endpoint } }, add: {} }, [])).toThrow(
    `custom.localStack.environment: expected a field of endpoints.json, such as kafka.brokers, but found "${endpoint}".`,
  );
});
