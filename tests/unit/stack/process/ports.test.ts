import { once } from 'node:events';
import { createServer } from 'node:net';
import { defaultPorts, isPortFree, PortChooser } from '../../../../localstack/stack/process/ports.ts';

test('a port that a server listens on is not free', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  expect(await isPortFree((server.address() as { port: number }).port)).toBe(false);
  server.close();
});

test('a default port that is already chosen is replaced by a free one, with a notice', async () => {
  const notices: string[] = [];
  const chooser = new PortChooser({ preferDefaults: true, onNotice: (line) => notices.push(line) });
  const first = await chooser.choose('kafka');
  const second = await chooser.choose('kafka');
  chooser.release();
  expect(second).not.toBe(first);
  expect(notices.at(-1)).toBe(`Port ${defaultPorts.kafka} (kafka) is in use; using ${second} instead.`);
});

test('a chosen port is not chosen by another process, although its server has not started yet', async () => {
  const choosers = [0, 1].map(() => new PortChooser({ preferDefaults: false, onNotice: () => {} }));
  const first = (await choosers[0]?.choose('kafka')) as number;
  // Makes the second chooser try the same port first.
  const random = jest.spyOn(Math, 'random').mockReturnValueOnce((first - 15_000 + 0.5) / 17_000);
  try {
    expect(await choosers[1]?.choose('s3')).not.toBe(first);
    expect(random.mock.calls.length).toBeGreaterThan(1);
  } finally {
    random.mockRestore();
    for (const chooser of choosers) chooser.release();
  }
});
