import { EventSourcesStart } from '../../../../localstack/stack/service/event-sources-start.ts';
import { exampleEndpoints } from './example-service.ts';

const running = {
  endpoints: exampleEndpoints,
  ports: { lambda: 6, http: 7, metrics: 9, s3Notifications: 8 },
  s3: { keepsVersions: false, notifies: false },
  directory: '/stack',
};

test('the event sources get the local servers, and notifications where the S3 server sends them', () => {
  const start = new EventSourcesStart();
  expect(start.settings(exampleEndpoints, running)).toMatchObject({
    brokers: ['127.0.0.1:1', '127.0.0.1:7'],
    s3: { endpoint: 'http://127.0.0.1:4', region: 'eu-central-1' },
    lambdaEndpoint: 'http://127.0.0.1:6',
    metricsPort: 9,
    stateDirectory: '/stack/event-sources',
  });
  expect(start.settings(exampleEndpoints, running).s3).not.toHaveProperty('notifications');
  const minio = { ...running, s3: { keepsVersions: true, notifies: true } };
  expect(start.settings(exampleEndpoints, minio).s3).toMatchObject({
    kind: 'minio',
    notifications: { port: 8, targetArn: 'arn:minio:sqs::LOCAL:webhook' },
  });
});

test('the event sources wait until they are allowed, and the start waits until they poll', async () => {
  const start = new EventSourcesStart();
  const { waitFor, onReady } = start.settings(exampleEndpoints, running);
  const order: string[] = [];
  const eventSources = waitFor?.().then(() => order.push('event sources start'));
  await new Promise(setImmediate);
  order.push('allowed');
  const allowed = start.allow().then(() => order.push('start continues'));
  await eventSources;
  order.push('polling');
  onReady?.();
  await allowed;
  expect(order).toEqual(['allowed', 'event sources start', 'polling', 'start continues']);
});

test('a service without event sources does not wait for them', async () => {
  const start = new EventSourcesStart();
  start.settings(exampleEndpoints, running);
  await expect(start.allow()).resolves.toBeUndefined();
});
