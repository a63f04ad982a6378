/**
 * Runs a local stack, for tests that kill, suspend or interrupt its process. Prints one JSON object for each event.
 * Usage: run-stack.ts '{"directory": "..."}'
 */
import { LocalStack, type StackOptions } from '../../localstack/stack/local-stack.ts';
import { serverNames } from '../../localstack/stack/servers/stack-servers.ts';
import type { StackEvent } from './stack-process.ts';

const print = (event: StackEvent) => process.stdout.write(`${JSON.stringify(event)}\n`);

const options = JSON.parse(process.argv[2] ?? '') as Pick<StackOptions, 'directory' | 'servers' | 's3' | 'fresh'>;

const stack = new LocalStack({
  ...options,
  ports: 'free',
  onNotice: (line) => print({ event: 'notice', line }),
  onFatal: (error) => {
    print({ event: 'fatal', message: error.message });
    void stack.stop().then(() => process.exit(1));
  },
});

process.once('SIGINT', () => void stack.stop().then(() => process.exit(0)));

try {
  const endpoints = await stack.start();
  const names = options.servers ?? serverNames;
  const pids = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await stack.pidOf(name)])));
  print({ event: 'ready', endpoints, pids });
} catch (error) {
  print({ event: 'failed', message: (error as Error).message });
  process.exitCode = 1;
}
