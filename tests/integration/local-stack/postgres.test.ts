import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from '../../../localstack/stack/process/run-program.ts';
import { findPostgresAccount, runAsAccount } from '../../../localstack/stack/servers/postgres-account.ts';
import { findPostgresBinaries } from '../../../localstack/stack/tools/postgres-binaries.ts';

// Ordinary users run PostgreSQL under their own account.
const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot(
  'root can create a database where others may access neither the programs nor the data, as in its home directory',
  async () => {
    const { signal } = new AbortController();
    // mkdtemp gives access to its owner only.
    const home = mkdtempSync(join(tmpdir(), 'local-stack-home-'));
    try {
      const native = join(dirname(findPostgresBinaries().initdb), '..');
      cpSync(native, join(home, 'native'), { recursive: true, verbatimSymlinks: true });
      const directory = join(home, 'database');
      mkdirSync(directory);
      const account = await findPostgresAccount(signal);
      chownSync(directory, account?.uid ?? 0, account?.gid ?? 0);
      const args = ['-D', join(directory, 'data'), '--auth=trust'];
      const initdb = await runAsAccount(account, join(home, 'native/bin/initdb'), args, directory, signal);
      await runProgram(initdb, { signal });
      expect(existsSync(join(directory, 'data/PG_VERSION'))).toBe(true);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
);
