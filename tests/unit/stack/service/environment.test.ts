import { findVariable, overlayEnvironment } from '../../../../localstack/stack/service/environment.ts';
import { localEnvironment } from '../../../../localstack/stack/service/local-environment.ts';
import { exampleEndpoints, exampleService } from './example-service.ts';

const local = localEnvironment(exampleEndpoints, [{ logicalId: 'OffsetTable', name: 'offsets' }]);

test('points the variables that the service defines at the local servers', () => {
  const service = exampleService({ KAFKA_BROKERS: { 'Fn::GetAtt': ['Kafka', 'Brokers'] }, KAFKA_AUTH: 'iam' });
  expect(overlayEnvironment(service, local)).toEqual([]);
  expect(service.provider.environment).toMatchObject({ KAFKA_BROKERS: '127.0.0.1:1', KAFKA_AUTH: 'none' });
});

test('tells no function of a server that it has not asked for', () => {
  const service = exampleService({}, { OTHER: 'kept' });
  overlayEnvironment(service, local);
  expect(service.getFunction('work').environment).toEqual({ OTHER: 'kept' });
  expect(service.provider.environment).not.toHaveProperty('TARGET_DATABASE_URL');
});

test('gives every function the addresses and credentials that the SDK reads', () => {
  const service = exampleService({});
  overlayEnvironment(service, local);
  expect(service.provider.environment).toMatchObject({
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:4',
    AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:5',
    AWS_ENDPOINT_URL_LAMBDA: 'http://127.0.0.1:6',
    AWS_ACCESS_KEY_ID: 'key',
  });
});

test('takes away what means something on AWS only', () => {
  const service = exampleService({ NODE_EXTRA_CA_CERTS: '/x' }, { TARGET_DATABASE_SECRET_ARN: { Ref: 'Secret' } });
  expect(overlayEnvironment(service, local)).toEqual([]);
  expect(service.provider.environment).not.toHaveProperty('NODE_EXTRA_CA_CERTS');
  expect(service.getFunction('work').environment).toEqual({});
});

test('resolves references to resources that exist here, and names the variables that it cannot', () => {
  const service = exampleService({}, { OFFSET_TABLE: { Ref: 'OffsetTable' }, QUEUE: { Ref: 'Queue' } });
  expect(overlayEnvironment(service, local)).toEqual(['work.QUEUE']);
  expect(findVariable(service, 'OFFSET_TABLE')).toBe('offsets');
});
