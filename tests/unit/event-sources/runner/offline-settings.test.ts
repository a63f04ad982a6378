import {
  isServedByOffline,
  readOfflineSettings,
} from '../../../../localstack/event-sources/runner/offline-settings.ts';
import type { Serverless } from '../../../../localstack/event-sources/template/from-serverless/serverless.ts';

const serverless = (custom?: object) => ({ service: { custom } }) as unknown as Serverless;

test('the command line wins over serverless.yml, and serverless.yml over the default port', () => {
  const configured = serverless({ 'serverless-offline': { lambdaPort: 4000, host: '0.0.0.0' } });
  expect(readOfflineSettings(serverless(), {}).lambdaPort).toBe(3002);
  expect(readOfflineSettings(configured, {}).lambdaPort).toBe(4000);
  expect(readOfflineSettings(configured, { lambdaPort: '5000' })).toEqual({ lambdaPort: '5000', host: '0.0.0.0' });
});

test.each([
  ['http://127.0.0.1:3002', true],
  ['http://localhost:3002', true],
  ['http://[::1]:3002', true],
  ['http://dev.example:3002', true],
  ['http://127.0.0.1:3003', false],
  ['http://lambda.example:3002', false],
])('functions at %s are served by serverless-offline itself: %s', (endpoint, expected) => {
  expect(isServedByOffline(endpoint, { host: 'dev.example', lambdaPort: '3002' })).toBe(expected);
});
