import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMissingJava, searchJava } from '../../../../localstack/stack/tools/java.ts';

const { signal } = new AbortController();
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'java-test-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** An installation whose `bin/java` runs this shell script. */
function install(name: string, script: string): string {
  const home = join(root, name);
  mkdirSync(join(home, 'bin'), { recursive: true });
  writeFileSync(join(home, 'bin', 'java'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(home, 'bin', 'java'), 0o755);
  return home;
}
const version = (text: string) => `echo 'openjdk version "${text}" 2026-01-20' >&2`;
const STUB = 'echo "Unable to locate a Java Runtime" >&2; exit 1';

const search = (env: Record<string, string>) => searchJava({ signal, env, installations: [] });
const bin = (home: string) => join(home, 'bin');

test.each([
  ['of an older version', version('11.0.2'), 'version 11'],
  ['that is Java 8, written 1.8', version('1.8.0_402'), 'version 8'],
  ['that is a stub', STUB, '"java -version" fails'],
  ['that prints no version', 'echo hello', '"java -version" prints no version'],
])('a JAVA_HOME %s is passed over for a usable java on the PATH', async (_, script, reason) => {
  const [old, current] = [install('old', script), install('current', version('21.0.1'))];
  expect(await search({ JAVA_HOME: old, PATH: bin(current) })).toEqual({
    found: { file: join(current, 'bin/java'), version: 21 },
    unusable: [{ file: join(old, 'bin/java'), reason }],
  });
});

test('a stub on the PATH is passed over for a usable java in a later directory', async () => {
  const [stub, current] = [install('stub', STUB), install('current', version('17.0.15'))];
  const { found } = await search({ PATH: `${bin(stub)}:${bin(current)}` });
  expect(found).toEqual({ file: join(current, 'bin/java'), version: 17 });
});

test('a java that is not on the PATH is found where installers put it', async () => {
  const home = install('installed', version('25'));
  expect(await searchJava({ signal, env: { PATH: '' }, installations: [bin(home)] })).toEqual({
    found: { file: join(home, 'bin/java'), version: 25 },
    unusable: [],
  });
});

test('when no java is usable, one line names the version that is needed and each one found', async () => {
  const [stub, old] = [install('stub', STUB), install('old', version('11'))];
  const missing = describeMissingJava(await search({ JAVA_HOME: stub, PATH: bin(old) }));
  expect(missing).toBe(
    `Kafka and DynamoDB need Java 17 or newer; found ${stub}/bin/java ("java -version" fails), ${old}/bin/java (version 11)`,
  );
  expect(describeMissingJava(await search({ PATH: '' }))).toBe('Kafka and DynamoDB need Java 17 or newer; found none');
});

test('a java that never ends is given up', async () => {
  const controller = new AbortController();
  const searching = searchJava({
    signal: controller.signal,
    env: { PATH: bin(install('hanging', 'exec sleep 60')) },
    installations: [],
  });
  controller.abort(new Error('stopped'));
  await expect(searching).rejects.toThrow('stopped');
});

test('variables that change Java do not change the search', async () => {
  process.env['JAVA_TOOL_OPTIONS'] = '--no-such-option';
  try {
    const home = install('sensitive', `test -z "$JAVA_TOOL_OPTIONS" || exit 1\n${version('17')}`);
    expect((await search({ PATH: bin(home) })).found?.version).toBe(17);
  } finally {
    delete process.env['JAVA_TOOL_OPTIONS'];
  }
});
