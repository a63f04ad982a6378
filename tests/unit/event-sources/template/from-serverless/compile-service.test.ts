import { compileTemplate } from '../../../../../localstack/event-sources/template/from-serverless/compile-service.ts';
import { FakeServerless } from './fake-serverless.ts';

const clusterArn = 'arn:aws:kafka:eu-central-1:123456789012:cluster/demo/1';
const msk = (further: object = {}) => ({ msk: { arn: clusterArn, topic: 'orders', ...further } });
const accessConfigurations = { saslPlainAuth: ['arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka'] };
const kafka = (further: object = {}) => ({
  kafka: { accessConfigurations, bootstrapServers: ['a:9092'], topic: 'orders', ...further },
});

const mappingsOf = (serverless: FakeServerless) =>
  Object.entries(compileTemplate(serverless).Resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::EventSourceMapping')
    .map(([id, { Properties }]) => ({ id, ...Properties }) as Record<string, unknown>);

test('events become the resources that osls would deploy, and the service stays as it was', () => {
  const events = [
    msk({ batchSize: 7 }),
    { s3: { bucket: 'old', existing: true, rules: [{ suffix: '.csv' }] } },
    { schedule: 'rate(1 minute)' },
  ];
  const serverless = new FakeServerless(
    {
      load: {
        name: 'demo-load',
        events,
        maximumRetryAttempts: 1,
        destinations: { onFailure: 'cleanup', onSuccess: { arn: 'arn:aws:sqs:eu-central-1:123456789012:done' } },
      },
      cleanup: { name: 'demo-cleanup', timeout: 30, onError: 'arn:aws:sns:eu-central-1:123456789012:dead', events: [] },
    },
    {
      Resources: { Queue: { Type: 'AWS::SQS::Queue' } },
      extensions: {
        LoadEventSourceMappingMSKDemoOrders: { Properties: { MaximumRetryAttempts: 5 } },
        IamRoleCustomResourcesLambdaExecution: { Properties: { Policies: [] } },
        CustomDashresourceDashexistingDashs3LambdaFunction: { Properties: { Description: 'for the bucket' } },
        LoadCustomS31: { DependsOn: ['Queue'] },
        // Of these, packaging compiles the resource.
        ServerlessDeploymentBucket: { Properties: { LifecycleConfiguration: {} } },
        LoadLogGroup: { Properties: { RetentionInDays: 30 } },
      },
    },
  );
  const before = structuredClone({ functions: serverless.service.functions, resources: serverless.service.resources });

  const { Resources: resources } = compileTemplate(serverless);

  expect(resources).toMatchObject({
    LoadLambdaFunction: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'demo-load', Timeout: 6 } },
    CleanupLambdaFunction: {
      Properties: { Timeout: 30, DeadLetterConfig: { TargetArn: 'arn:aws:sns:eu-central-1:123456789012:dead' } },
    },
    LoadLambdaFunctionEvConf: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'LoadLambdaFunction' },
        MaximumRetryAttempts: 1,
        DestinationConfig: {
          OnSuccess: { Destination: 'arn:aws:sqs:eu-central-1:123456789012:done' },
          OnFailure: { Destination: { 'Fn::GetAtt': ['CleanupLambdaFunction', 'Arn'] } },
        },
      },
    },
    LoadEventSourceMappingMSKDemoOrders: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { EventSourceArn: clusterArn, Topics: ['orders'], BatchSize: 7, MaximumRetryAttempts: 5 },
    },
    LoadCustomS31: {
      Type: 'Custom::S3',
      Properties: {
        FunctionName: 'demo-load',
        BucketName: 'old',
        BucketConfigs: [{ Event: 's3:ObjectCreated:*', Rules: [{ suffix: '.csv' }] }],
      },
    },
    Queue: { Type: 'AWS::SQS::Queue' },
  });
  expect(Object.values(resources).filter(({ Type }) => Type === 'AWS::Events::Rule')).toHaveLength(1);
  expect({ functions: serverless.service.functions, resources: serverless.service.resources }).toEqual(before);
  expect(serverless.service.provider.compiledCloudFormationTemplate).toBeUndefined();
});

test.each(['AwsCompileMSKEvents', 'AwsPackage'])('a missing %s is an error that names it', (name) => {
  const serverless = new FakeServerless({});
  const { pluginManager } = serverless;
  pluginManager.plugins = pluginManager.plugins.filter((candidate) => candidate !== serverless.plugin(name));
  expect(() => compileTemplate(serverless)).toThrow(
    new RegExp(`^event sources: expected the Serverless plugin ${name} with the method \\w+, .*, found no such plugin`),
  );
});

test('a missing method is an error that names it, and the service stays as it was', () => {
  const functions = {};
  const serverless = new FakeServerless(functions);
  serverless.plugin('AwsCompileScheduledEvents')['compileScheduledEvents'] = undefined;
  expect(() => compileTemplate(serverless)).toThrow('with the method compileScheduledEvents, as osls 4.3.1 has it');
  expect(serverless.service.functions).toBe(functions);
});

describe('a batching window of 0', () => {
  test.each([
    ['msk', msk],
    ['kafka', kafka],
  ])('of an event %s stays 0, and an unset one stays unset', (_name, event) => {
    const windowOf = (further: object) => {
      const serverless = new FakeServerless({ load: { name: 'demo-load', events: [event(further)] } });
      return mappingsOf(serverless)[0]?.['MaximumBatchingWindowInSeconds'];
    };
    expect(windowOf({ maximumBatchingWindow: 0 })).toBe(0);
    expect(windowOf({ maximumBatchingWindow: 2 })).toBe(2);
    expect(windowOf({})).toBeUndefined();
  });

  test('is set in the mapping of its own function and topic only', () => {
    const serverless = new FakeServerless({
      load: { name: 'demo-load', events: [msk({ maximumBatchingWindow: 0 }), msk({ topic: 'other' })] },
      loadToo: { name: 'demo-load-too', events: [msk()] },
    });
    expect(mappingsOf(serverless).filter((mapping) => mapping['MaximumBatchingWindowInSeconds'] === 0)).toMatchObject([
      { id: 'LoadEventSourceMappingMSKDemoOrders' },
    ]);
  });

  test('gives way to an extension', () => {
    const serverless = new FakeServerless(
      { load: { name: 'demo-load', events: [msk({ maximumBatchingWindow: 0 })] } },
      { extensions: { LoadEventSourceMappingMSKDemoOrders: { Properties: { MaximumBatchingWindowInSeconds: 3 } } } },
    );
    expect(mappingsOf(serverless)).toMatchObject([{ MaximumBatchingWindowInSeconds: 3 }]);
  });

  test.each([
    ['AwsCompileMSKEvents', 'compileMSKEvents', msk],
    ['AwsCompileKafkaEvents', 'compileKafkaEvents', kafka],
  ])('is left out by %s of osls; when this fails, restoring it is no longer needed', (name, method, event) => {
    const serverless = new FakeServerless({
      load: { name: 'demo-load', events: [event({ maximumBatchingWindow: 0 })] },
    });
    const template = { Resources: {} as Record<string, { Properties: object }> };
    serverless.service.provider.compiledCloudFormationTemplate = template;
    (serverless.plugin(name)[method] as () => void).call(serverless.plugin(name));
    const [mapping] = Object.values(template.Resources);
    expect(mapping?.Properties).toMatchObject({ Topics: ['orders'] });
    expect(mapping?.Properties).not.toHaveProperty('MaximumBatchingWindowInSeconds');
  });
});
