import type { StackEndpoints } from '../../../../localstack/stack/endpoints.ts';
import type {
  Environment,
  FunctionDefinition,
  Resource,
  Service,
} from '../../../../localstack/stack/service/serverless-types.ts';

export const exampleEndpoints: StackEndpoints = {
  s3: {
    endpoint: 'http://127.0.0.1:4',
    region: 'eu-central-1',
    bucket: '',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
  },
  kafka: { brokers: ['127.0.0.1:1', '127.0.0.1:7'] },
  sourceDatabaseUrl: 'postgres://127.0.0.1:2/source',
  targetDatabaseUrl: 'postgres://127.0.0.1:3/target',
  dynamodb: { endpoint: 'http://127.0.0.1:5', offsetTable: '' },
  lambda: { endpoint: 'http://127.0.0.1:6' },
  dashboardUrl: null,
  metricsUrl: 'http://127.0.0.1:8/metrics',
};

/** A service whose only function is `work`. */
export function exampleService(
  environment: Environment,
  functionEnvironment: Environment = {},
  rest: {
    events?: FunctionDefinition['events'];
    s3?: Service['provider']['s3'];
    resources?: Record<string, Resource>;
  } = {},
): Service {
  const work: FunctionDefinition = {
    name: 'example-local-work',
    environment: functionEnvironment,
    ...(rest.events && { events: rest.events }),
  };
  return {
    service: 'example',
    provider: { stage: 'local', region: 'eu-central-1', environment, ...(rest.s3 && { s3: rest.s3 }) },
    ...(rest.resources && { resources: { Resources: rest.resources } }),
    getAllFunctions: () => ['work'],
    getFunction: () => work,
  };
}
