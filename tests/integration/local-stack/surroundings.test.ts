import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostileEnvironment } from '../../fixtures/hostile-environment.ts';
import { StackProcess } from '../../support/stack-process.ts';
import { readFromAllServers, writeToAllServers, written } from './stored-values.ts';

// All servers start while another test file does the same.
jest.setTimeout(600_000);

/** Each character means something to a shell, a properties file, a URL, a list of paths or an option. */
const HOSTILE_NAME = `a,b ü漢 #%20$'"\\=x {1...2} [z]`;

test.each([
  ['077', 'Ω'],
  ['000', HOSTILE_NAME],
])(
  'all servers start and answer with umask %s, variables for other programs, and a directory %s',
  async (umask, name) => {
    const root = mkdtempSync(join(tmpdir(), 'local-stack-surroundings-'));
    const prefix = ['sh', '-c', 'umask "$1"; shift; exec "$@"', 'sh', umask];
    const stack = new StackProcess({ directory: join(root, name) }, prefix, hostileEnvironment);
    try {
      const { endpoints } = await stack.ready();
      await writeToAllServers(endpoints);
      expect(await readFromAllServers(endpoints)).toEqual(written);
      stack.child.kill('SIGINT');
      expect(await stack.exited).toBe(0);
    } finally {
      stack.child.kill('SIGKILL');
      rmSync(root, { recursive: true, force: true });
    }
  },
);
