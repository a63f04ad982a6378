import { readFileSync } from 'node:fs';
import { type Program, runProgram } from '../process/run-program.ts';
import { findExecutable } from '../tools/find-executable.ts';

/*
 * PostgreSQL refuses to run as root, which is the usual user in containers. Only Linux is supported there: the account
 * comes from /etc/passwd and useradd, its capabilities from setpriv.
 */

export interface PostgresAccount {
  readonly uid: number;
  readonly gid: number;
}

const ACCOUNT_NAME = 'postgres';

/**
 * The account that runs PostgreSQL when this process runs as root: the one that PostgreSQL's own packages use, created
 * when it does not exist. Undefined when this process runs as an ordinary user.
 */
export async function findPostgresAccount(signal: AbortSignal): Promise<PostgresAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (process.platform !== 'linux') throw new Error('PostgreSQL cannot run as root: start as an ordinary user.');
  const existing = readAccount(ACCOUNT_NAME);
  if (existing !== undefined) return existing;
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', ACCOUNT_NAME];
  // The other of two concurrent starts may have created the account, so a failure alone means nothing.
  const failure = await runProgram({ file: 'useradd', args }, { signal }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const account = readAccount(ACCOUNT_NAME) ?? readAccount('nobody');
  if (account !== undefined) return account;
  throw new Error(
    'PostgreSQL cannot run as root, and useradd could not create an account: start as an ordinary user.',
    {
      cause: failure,
    },
  );
}

function readAccount(name: string): PostgresAccount | undefined {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [user, , uid, gid] = line.split(':');
    if (user === name) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/**
 * The program, to be run by that account, or by this user when there is no account.
 *
 * In a home directory that is closed to others, such as root's, the account can access neither the program nor the data.
 * It then gets the capability to bypass file permissions, which PostgreSQL accepts.
 */
export async function runAsAccount(
  account: PostgresAccount | undefined,
  file: string,
  args: readonly string[],
  directory: string,
  signal: AbortSignal,
): Promise<Program> {
  if (account === undefined) return { file, args, cwd: directory };
  const accessTest: Program = {
    file: '/bin/sh',
    args: ['-c', 'test -x "$1" && cd "$2"', 'sh', file, directory],
    cwd: '/',
  };
  const hasAccess = await runProgram({ ...accessTest, user: account }, { signal }).then(
    () => true,
    () => false,
  );
  signal.throwIfAborted();
  if (hasAccess) return { file, args, cwd: directory, user: account };
  const setpriv = findExecutable('setpriv');
  if (setpriv === undefined) {
    throw new Error(
      `PostgreSQL runs as the user ${ACCOUNT_NAME}, who may not enter ${directory}: move the project to a directory ` +
        'that others may read, start as an ordinary user, or install setpriv (util-linux).',
    );
  }
  const capabilities = '+dac_override,+dac_read_search';
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  // Without this bit access(2), which initdb calls, ignores the capabilities of a process that is not root.
  const securebits = '--securebits=+no_setuid_fixup';
  return {
    file: setpriv,
    args: [...identity, `--inh-caps=${capabilities}`, `--ambient-caps=${capabilities}`, securebits, file, ...args],
    cwd: directory,
  };
}
