import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServerName, serverNames } from '../../../localstack/stack/servers/stack-servers.ts';
import { hostileEnvironment } from '../../fixtures/hostile-environment.ts';
import { StackProcess } from '../../support/stack-process.ts';
import { readFromAllServers, writeToAllServers, written } from './stored-values.ts';

// All servers start while another test file does the same.
jest.setTimeout(600_000);

/** Each character means something to a shell, a properties file, a URL, a list of paths or an option. */
const HOSTILE_NAME = `a,b ü漢 #%20$'"\\=x {1...2} [z]`;

test('all servers start and answer with umask 077, variables for other programs, and a directory of odd characters', () =>
  startsAndStops({ umask: '077', directory: HOSTILE_NAME }, async ({ endpoints }) => {
    await writeToAllServers(endpoints);
    expect(await readFromAllServers(endpoints)).toEqual(written);
  }));

// PostgreSQL does not start with a data directory that others may read.
test('PostgreSQL starts with umask 000', () =>
  startsAndStops({ umask: '000', directory: 'Ω', servers: ['sourceDatabase'] }, async () => {}));

async function startsAndStops(
  { umask, directory, servers = serverNames }: { umask: string; directory: string; servers?: readonly ServerName[] },
  whenReady: (ready: Awaited<ReturnType<StackProcess['ready']>>) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'local-stack-surroundings-'));
  const prefix = ['sh', '-c', 'umask "$1"; shift; exec "$@"', 'sh', umask];
  const stack = new StackProcess({ directory: join(root, directory), servers }, prefix, hostileEnvironment);
  try {
    await whenReady(await stack.ready());
    stack.child.kill('SIGINT');
    expect(await stack.exited).toBe(0);
  } finally {
    stack.child.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }
}
