import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { LambdaClient } from '../../../../localstack/event-sources/invoke/lambda-client.ts';

/** A server of the Invoke API that records the paths, and the client that invokes through it. */
async function withServer(
  respond: (url: URL, response: http.ServerResponse) => void,
  body: (client: LambdaClient, paths: readonly string[]) => Promise<void>,
): Promise<void> {
  const paths: string[] = [];
  const server = http.createServer((request, response) => {
    paths.push(request.url ?? '');
    request.resume().on('end', () => respond(new URL(request.url ?? '', 'http://localhost'), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new LambdaClient({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  try {
    await body(client, paths);
  } finally {
    client.close();
    await new Promise((resolve) => server.close(resolve));
  }
}

test('[documented] versions and aliases: the qualifier is passed to the Invoke API', () =>
  withServer(
    (_url, response) => response.end('1'),
    async (client, paths) => {
      await client.invoke({ functionName: 'fn', qualifier: 'live-1', payload: '{}' });
      await client.invoke({ functionName: 'fn', payload: '{}' });
      expect(paths).toEqual([
        '/2015-03-31/functions/fn/invocations?Qualifier=live-1',
        '/2015-03-31/functions/fn/invocations',
      ]);
    },
  ));

test('a server without qualifiers, as that of SAM, is asked once, and then invoked without', () =>
  withServer(
    (url, response) => {
      response.statusCode = url.search === '' ? 200 : 400;
      response.end(url.search === '' ? '1' : '{"Type":"User","Message":"Query Parameters are not supported"}');
    },
    async (client, paths) => {
      for (let count = 0; count < 2; count += 1) {
        const outcome = await client.invoke({ functionName: 'fn', qualifier: 'live', payload: '{}' });
        expect(outcome).toMatchObject({ kind: 'success', body: '1' });
      }
      expect(paths.map((path) => path.split('/').at(-1))).toEqual([
        'invocations?Qualifier=live',
        'invocations',
        'invocations',
      ]);
    },
  ));

test('a server that is away is reported at once, and again until it is there', async () => {
  // Nothing listens at port 1 of the loopback address.
  const away = new LambdaClient({ endpoint: 'http://127.0.0.1:1' });
  const ending = new AbortController();
  let reports = 0;
  await away.waitUntilReachable({
    signal: ending.signal,
    reportEveryMs: 1,
    onUnreachable: () => {
      reports += 1;
      if (reports === 3) ending.abort();
    },
  });
  expect(reports).toBe(3);
  await withServer(
    (_url, response) => response.end('1'),
    (client) => client.waitUntilReachable({ signal: new AbortController().signal, onUnreachable: () => reports++ }),
  );
  expect(reports).toBe(3);
});
