import { readFileSync } from 'node:fs';
import { runProgram, type Tool } from '../process/run-program.ts';
import { findExecutable } from '../tools/java.ts';

export interface PostgresAccount {
  readonly uid: number;
  readonly gid: number;
}

const accountName = 'postgres';

/**
 * PostgreSQL refuses to run as root. Root therefore gets the account that PostgreSQL's own packages use, made when it is
 * not there; everybody else runs it as themselves.
 */
export async function findPostgresAccount(signal: AbortSignal): Promise<PostgresAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = lookUp(accountName);
  if (existing !== undefined) return existing;
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', accountName];
  // Two that start at once may both try: the second finds the account of the first.
  const failure = await runProgram({ file: 'useradd', args }, { signal }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const made = lookUp(accountName) ?? lookUp('nobody');
  if (made !== undefined) return made;
  throw new Error('PostgreSQL cannot run as root, and no account could be made for it: start as another user.', {
    cause: failure,
  });
}

function lookUp(name: string): PostgresAccount | undefined {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [user, , uid, gid] = line.split(':');
    if (user === name) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/**
 * The tool as that account runs it.
 *
 * Below a home directory that is closed to others, root's above all, the account reaches neither program nor data. It is
 * then given root's right to pass by file permissions, which PostgreSQL does not object to.
 */
export async function actAs(
  account: PostgresAccount | undefined,
  file: string,
  args: readonly string[],
  directory: string,
  signal: AbortSignal,
): Promise<Tool> {
  if (account === undefined) return { file, args, cwd: directory };
  const reach: Tool = { file: '/bin/sh', args: ['-c', 'test -x "$1" && cd "$2"', 'sh', file, directory], cwd: '/' };
  const reachable = await runProgram({ ...reach, user: account }, { signal }).then(
    () => true,
    () => false,
  );
  signal.throwIfAborted();
  if (reachable) return { file, args, cwd: directory, user: account };
  const setpriv = await findExecutable('setpriv');
  if (setpriv === undefined) {
    throw new Error(
      `PostgreSQL runs as the user ${accountName}, who may not enter ${directory}: put the project where others may ` +
        'read it, start as an ordinary user, or install setpriv (util-linux).',
    );
  }
  const rights = '+dac_override,+dac_read_search';
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  // Whoever asks by access(2), as initdb does, is otherwise answered as if an ordinary user had no such right.
  const asked = '--securebits=+no_setuid_fixup';
  return {
    file: setpriv,
    args: [...identity, `--inh-caps=${rights}`, `--ambient-caps=${rights}`, asked, file, ...args],
    cwd: directory,
  };
}
