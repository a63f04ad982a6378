import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from '../../localstack/stack/process/run-program.ts';
import { actAs, findPostgresAccount } from '../../localstack/stack/servers/postgres-account.ts';
import { findPostgresBinaries } from '../../localstack/stack/tools/postgres-binaries.ts';

// Everybody else runs PostgreSQL as themselves, and passes by no permissions.
const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot(
  'root has a database made also where others may enter neither project nor data, as in its own home',
  async () => {
    const { signal } = new AbortController();
    // Only its owner may enter it.
    const home = mkdtempSync(join(tmpdir(), 'local-stack-home-'));
    try {
      const native = join(dirname(findPostgresBinaries().initdb), '..');
      cpSync(native, join(home, 'native'), { recursive: true, verbatimSymlinks: true });
      const directory = join(home, 'database');
      mkdirSync(directory);
      const account = await findPostgresAccount(signal);
      chownSync(directory, account?.uid ?? 0, account?.gid ?? 0);
      const args = ['-D', join(directory, 'data'), '--auth=trust'];
      const initdb = await actAs(account, join(home, 'native/bin/initdb'), args, directory, signal);
      await runProgram(initdb, { signal });
      expect(existsSync(join(directory, 'data/PG_VERSION'))).toBe(true);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
);
