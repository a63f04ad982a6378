import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { readStandstills } from '../../../../localstack/commands/status/standstills.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 12);
let server: http.Server;
let url: string;
beforeAll(async () => {
  const standstills = [{ what: 'batch of employee-changes-3', reason: 'apply-changes fails', forSeconds: 12 }];
  server = http.createServer(({ url: path }, response) => {
    response.end(path === '/metrics.json' ? JSON.stringify({ mappings: {}, standstills }) : 'metrics 1');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
});
afterAll(() => server.close());

const read = () => readStandstills(url, AbortSignal.timeout(5_000), () => NOW_MS);

test('what stands still is read from the metrics of the event sources, with the time since when', async () => {
  expect(await read()).toEqual([
    {
      what: 'batch of employee-changes-3',
      reason: 'apply-changes fails',
      since: new Date('2026-01-02T11:59:48.000Z'),
    },
  ]);
});

test('a host that does not answer is an error, so that nothing is said of what stands still', async () => {
  await new Promise((resolve) => server.close(resolve));
  await expect(read()).rejects.toThrow();
});
