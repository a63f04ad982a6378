import { findBuckets, findTables } from '../../../../localstack/stack/service/find-resources.ts';
import { exampleService } from './example-service.ts';

const enabled = { Status: 'Enabled' };

test('finds buckets among the resources, named or not', () => {
  const resources = {
    Named: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'named', VersioningConfiguration: enabled } },
    Unnamed: { Type: 'AWS::S3::Bucket' },
    Topic: { Type: 'AWS::SNS::Topic' },
  };
  expect(findBuckets(exampleService({}, {}, { resources }))).toEqual([
    { logicalId: 'Named', name: 'named', versioned: true },
    { logicalId: 'Unnamed', name: 'example-local-unnamed', versioned: false },
  ]);
});

test('finds the buckets that functions are invoked by, once each and by their real names', () => {
  const s3 = { salaries: { name: 'real-name', versioningConfiguration: enabled } };
  const events = [{ s3: { bucket: 'salaries' } }, { s3: 'plain' }, { s3: { bucket: 'others', existing: true } }];
  expect(findBuckets(exampleService({}, {}, { s3, events }))).toEqual([
    { logicalId: undefined, name: 'real-name', versioned: true },
    { logicalId: undefined, name: 'plain', versioned: false },
  ]);
});

test('finds tables with their properties', () => {
  const Properties = { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] };
  const resources = { OffsetTable: { Type: 'AWS::DynamoDB::Table', Properties } };
  expect(findTables(exampleService({}, {}, { resources }))).toEqual([
    { logicalId: 'OffsetTable', name: 'example-local-offsettable', properties: Properties },
  ]);
});

test('finds the buckets and tables of another stack that the service needs', () => {
  const others = {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'of-others' } },
    OffsetTable: { Type: 'AWS::DynamoDB::Table', Properties: {} },
  };
  expect(findBuckets(exampleService({}), others)).toMatchObject([{ logicalId: 'Bucket', name: 'of-others' }]);
  expect(findTables(exampleService({}), others)).toMatchObject([{ name: 'example-local-offsettable' }]);
});
