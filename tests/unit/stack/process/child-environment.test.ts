import { childEnvironment } from '../../../../localstack/stack/process/child-environment.ts';
import { isolateClients } from '../../../../localstack/stack/process/isolate-clients.ts';
import { runProgram } from '../../../../localstack/stack/process/run-program.ts';
import { hostileEnvironment } from '../../../fixtures/hostile-environment.ts';

const { signal } = new AbortController();

test.each(Object.keys(hostileEnvironment))('a child process does not get %s of this process', (name) => {
  const child = childEnvironment([], { ...hostileEnvironment, PATH: '/bin' });
  expect(child[name]).not.toBe(hostileEnvironment[name]);
});

test('a child process runs in UTC, in a UTF-8 locale that changes no letters, and knows its user', () => {
  const child = childEnvironment([], { PATH: '/here', HOME: '/home/me', TZ: 'Asia/Tokyo', LC_ALL: 'tr_TR.UTF-8' });
  expect(child).toMatchObject({ PATH: '/here', HOME: '/home/me', TZ: 'UTC' });
  expect(child['LC_ALL']).toMatch(/^(C|en_US)\.UTF-8$/);
});

test('a child process gets the variables that are allowed by name or by pattern', () => {
  const env = { DOCKER_HOST: 'a', CI: 'b', OTHER: 'c' };
  expect(childEnvironment([/^DOCKER_/, 'CI'], env)).toMatchObject({ DOCKER_HOST: 'a', CI: 'b' });
  expect(childEnvironment([/^DOCKER_/, 'CI'], env)).not.toHaveProperty('OTHER');
});

test('without PATH and HOME a child process still has usable ones', () => {
  expect(childEnvironment([], {})).toMatchObject({ PATH: expect.stringContaining('/bin'), HOME: expect.any(String) });
});

test('a program that is started without an environment of its own does not inherit that of this process', async () => {
  process.env['JAVA_TOOL_OPTIONS'] = '-Xmx1m';
  try {
    expect(await runProgram({ file: 'env', args: [] }, { signal })).not.toContain('JAVA_TOOL_OPTIONS');
  } finally {
    delete process.env['JAVA_TOOL_OPTIONS'];
  }
});

test.each([0o000, 0o077])('a program runs with umask 022, although that of this process is %o', async (mask) => {
  const output = await runProgram(
    { file: 'sh', args: ['-c', `umask ${mask.toString(8)}; exec "$0" -e "$1"`, process.execPath, script] },
    { signal },
  );
  expect(output.trim()).toBe('0022');
});
const script = `import(${JSON.stringify(require.resolve('../../../../localstack/stack/process/run-program.ts'))})
  .then(({ runProgram }) => runProgram({ file: 'sh', args: ['-c', 'umask'] }, { signal: new AbortController().signal }))
  .then(console.log)`;

test('clients of this process are not redirected by variables for AWS, PostgreSQL and Kafka', () => {
  const env: Record<string, string | undefined> = {
    ...hostileEnvironment,
    PGTZ: 'x',
    PGADMIN_X: 'kept',
    NO_PROXY: 'a.b',
  };
  isolateClients(env);
  const left = Object.keys(env).filter((name) => /^(AWS|PG|KAFKA)/.test(name));
  expect(left.sort()).toEqual(['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'PGADMIN_X']);
  expect(env['AWS_CONFIG_FILE']).toBe('/dev/null');
  expect(env['no_proxy']).toBe('a.b,127.0.0.1,localhost,::1');
  expect(env['NO_PROXY']).toBe(env['no_proxy']);
});
