import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { createS3Client } from '../../../localstack/stack/aws-clients.ts';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import { processIdentity } from '../../../localstack/stack/process/process-info.ts';
import { cacheDirectory } from '../../../localstack/stack/tools/cache-directory.ts';
import { ClassArchive } from '../../../localstack/stack/tools/class-archive.ts';
import { findJava, SMALL_JVM } from '../../../localstack/stack/tools/java.ts';
import { eventually } from '../../support/eventually.ts';
import { processesOf, StackProcess } from '../../support/stack-process.ts';
import { readFromAllServers, writeToAllServers, written } from './stored-values.ts';

// All servers start, and restart after a kill, while another test file does the same.
jest.setTimeout(600_000);

const root = mkdtempSync(join(tmpdir(), 'local-stack-test-'));
const started: StackProcess[] = [];

function startStack(...args: ConstructorParameters<typeof StackProcess>): StackProcess {
  const stack = new StackProcess(...args);
  started.push(stack);
  return stack;
}

afterAll(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await untilNoProcessOf(root);
  rmSync(root, { recursive: true, force: true });
});

describe('a stack with all servers', () => {
  const directory = join(root, 'all');
  let stack: StackProcess;
  let endpoints: StackEndpoints;

  test('restarts every server that is killed, at the same address and with its data', async () => {
    stack = startStack({ directory });
    const { endpoints: before, pids } = await stack.ready();
    endpoints = before;
    await writeToAllServers(endpoints);
    for (const pid of Object.values(pids)) process.kill(pid, 'SIGKILL');
    const titles = ['Kafka', 'PostgreSQL (source)', 'PostgreSQL (target)', 'S3', 'DynamoDB'];
    await Promise.all(titles.map((title) => stack.notice(`${title} is running again`)));
    expect(await readFromAllServers(endpoints)).toEqual(written);
  });

  test('refuses a second start in the same directory, with the process id of the first', async () => {
    const second = startStack({ directory });
    await expect(second.ready()).rejects.toThrow(`A stack is already running in ${directory} (process ${stack.pid})`);
    expect(await second.exited).toBe(1);
    expect(await readFromAllServers(endpoints)).toEqual(written);
  });

  test('leaves no process running when its own process is killed', async () => {
    stack.child.kill('SIGKILL');
    await untilNoProcessOf(directory);
  });

  test('starts with the data of a killed stack, although another process has the id of its PostgreSQL', async () => {
    const pidFile = join(directory, 'target', 'data', 'postmaster.pid');
    const stale = existsSync(pidFile) ? readFileSync(pidFile, 'utf8') : '1\n';
    writeFileSync(pidFile, stale.replace(/^\d+/, String(process.pid)));
    stack = startStack({ directory });
    ({ endpoints } = await stack.ready());
    expect(await readFromAllServers(endpoints)).toEqual(written);
  });

  test('stops on Ctrl-C with exit code 0 and leaves no process running', async () => {
    stack.child.kill('SIGINT');
    expect(await stack.exited).toBe(0);
    await untilNoProcessOf(directory);
  });
});

test('deletes the data of earlier runs when asked to', async () => {
  const directory = join(root, 'fresh');
  const servers = ['s3'] as const;
  const first = startStack({ directory, servers });
  const s3 = createS3Client((await first.ready()).endpoints.s3);
  await s3.send(new CreateBucketCommand({ Bucket: 'kept' }));
  first.child.kill('SIGINT');
  await first.exited;
  const second = startStack({ directory, servers, fresh: true });
  await createS3Client((await second.ready()).endpoints.s3).send(new CreateBucketCommand({ Bucket: 'kept' }));
  second.child.kill('SIGINT');
  expect(await second.exited).toBe(0);
});

test('stops all servers when one does not start, and shows its last output', async () => {
  const directory = join(root, 'failing');
  const data = join(directory, 'source', 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const stack = startStack({ directory, servers: ['sourceDatabase', 's3'] });
  await expect(stack.ready()).rejects.toThrow(/PostgreSQL \(source\) did not start: exit code 2.*postgresql\.conf/s);
  expect(await stack.exited).toBe(1);
  await untilNoProcessOf(directory);
});

test('stops with the reason when a server crashes three times within a minute', async () => {
  const directory = join(root, 'dying');
  const stack = startStack({ directory, servers: ['s3', 'targetDatabase'] });
  let pid = (await stack.ready()).pids.s3;
  for (const last of [false, false, true]) {
    process.kill(pid, 'SIGKILL');
    if (!last) pid = await restartedPid(directory, pid);
  }
  const { message } = await stack.event(({ event }) => event === 'fatal');
  expect(message).toMatch(/^S3 keeps crashing and is not restarted again\. .*killed by SIGKILL\. Its log: .*s3\.log/);
  expect(await stack.exited).toBe(1);
  await untilNoProcessOf(directory);
});

test('stops a server that outlived both its parent and its watchdog before it starts another', async () => {
  const directory = join(root, 'orphan');
  const servers = ['s3'] as const;
  const first = startStack({ directory, servers });
  const orphan = (await first.ready()).pids.s3;
  const watchdogs = processesOf(directory).filter(({ pid, session }) => session === orphan && pid !== orphan);
  expect(watchdogs).toHaveLength(1);
  for (const { pid } of watchdogs) process.kill(pid, 'SIGKILL');
  first.child.kill('SIGKILL');
  await first.exited;
  expect(processIdentity(orphan)).toBeDefined();
  const second = startStack({ directory, servers });
  await second.ready();
  expect(second.transcript).toContain(`The s3 process of an earlier run is still running (process ${orphan})`);
  expect(processIdentity(orphan)).toBeUndefined();
  second.child.kill('SIGINT');
  expect(await second.exited).toBe(0);
});

const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
// Only root may change the user.
const asNobody = process.getuid?.() === 0 && mayBeReadBy(nobody) ? test : test.skip;

/** Whether an ordinary user may read this clone. Below root's home directory only root may. */
function mayBeReadBy([command = '', ...args]: readonly string[]): boolean {
  const { status } = spawnSync(command, [...args, 'test', '-r', __filename]);
  if (status !== 0)
    console.warn('skipped: ordinary users may not read this clone, so the test of a stack of theirs cannot run');
  return status === 0;
}

asNobody('works for an ordinary user', async () => {
  const directory = join(root, 'ordinary');
  const cache = join(root, 'cache', 'employee-streams');
  const isDownload = (path: string) => !path.endsWith('.jsa');
  cpSync(cacheDirectory(), cache, { recursive: true, filter: isDownload });
  mkdirSync(directory, { mode: 0o777 });
  await promisify(execFile)('chown', ['-R', '65534:65534', root]);
  const stack = startStack({ directory }, nobody, { HOME: root, XDG_CACHE_HOME: join(root, 'cache') });
  const { endpoints, pids } = await stack.ready();
  await writeToAllServers(endpoints);
  expect(await readFromAllServers(endpoints)).toEqual(written);
  for (const pid of Object.values(pids)) expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t/m);
  stack.child.kill('SIGINT');
  expect(await stack.exited).toBe(0);
  await untilNoProcessOf(directory);
  await expectUsableClassArchive(cache);
});

/** The next Kafka starts with the archive, because a JVM with `-Xshare:on` can use it: it fails when it cannot. */
async function expectUsableClassArchive(cache: string): Promise<void> {
  const java = await findJava(AbortSignal.timeout(LIMIT_MS));
  const jars = join(cache, readdirSync(cache).find((name) => /^kafka-[^.]+$/.test(name)) ?? '');
  const { readOptions } = await ClassArchive.of(java, jars, root);
  expect(readOptions).not.toEqual([]);
  await promisify(execFile)(java, [...SMALL_JVM, ...readOptions, '-Xshare:on', '-cp', join(jars, '*'), '-version']);
}

/** The process id of the S3 server that was started after `previousPid`; it may not be ready yet. */
function restartedPid(directory: string, previousPid: number): Promise<number> {
  const pidFile = join(directory, 'run', 's3.json');
  return eventually(
    () => {
      const pid = Number(/"pid":(\d+),/.exec(readFileSync(pidFile, 'utf8'))?.[1] ?? previousPid);
      return pid !== previousPid && pid;
    },
    { what: 'a restarted S3 server', withinMs: LIMIT_MS },
  );
}

/** As long as everything takes that may happen in between: a restart of all servers beside other tests. */
const LIMIT_MS = 240_000;

async function untilNoProcessOf(path: string): Promise<void> {
  await eventually(() => processesOf(path).length === 0, { what: `no process of ${path}`, withinMs: LIMIT_MS });
}
