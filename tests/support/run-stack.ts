/**
 * Runs a local stack in a process of its own, for tests that kill, suspend or interrupt it. Prints what happens, one
 * `{"event": ..., ...}` a line. Usage: run-stack.ts '{"directory": ..., ...}'
 */
import { LocalStack, type StackOptions } from '../../localstack/stack/local-stack.ts';

const say = (event: string, details: object) => process.stdout.write(`${JSON.stringify({ event, ...details })}\n`);

const options = JSON.parse(process.argv[2] ?? '') as Pick<StackOptions, 'directory' | 'servers' | 's3' | 'fresh'>;

const stack = new LocalStack({
  ...options,
  ports: 'free',
  onNotice: (line) => say('notice', { line }),
  onFatal: (error) => {
    say('fatal', { message: error.message });
    void stack.stop().then(() => process.exit(1));
  },
});

process.once('SIGINT', () => void stack.stop().then(() => process.exit(0)));

try {
  const endpoints = await stack.start();
  const names = options.servers ?? (['kafka', 'sourceDatabase', 'targetDatabase', 's3', 'dynamodb'] as const);
  const pids = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await stack.pidOf(name)])));
  say('ready', { endpoints, pids });
} catch (error) {
  say('failed', { message: (error as Error).message });
  process.exitCode = 1;
}
