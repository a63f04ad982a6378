import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMissing } from '../../../localstack/check-node.js';
import { formatReport } from '../../../localstack/stack/doctor/doctor.ts';
import type { Finding } from '../../../localstack/stack/doctor/finding.ts';
import {
  checkDirectory,
  checkMemory,
  checkOpenFiles,
  checkShell,
} from '../../../localstack/stack/doctor/machine-checks.ts';
import { checkPorts } from '../../../localstack/stack/doctor/port-checks.ts';
import { javaFinding } from '../../../localstack/stack/doctor/tool-checks.ts';
import { runProgram } from '../../../localstack/stack/process/run-program.ts';

const { signal } = new AbortController();
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('a directory', () => {
  const check = (path: string, options = {}) => checkDirectory('Cache', path, 'XDG_CACHE_HOME=DIR', options);

  it('may be created by the start, where its parent can be written', () => {
    expect(check(join(root, 'new', 'deep'))).toMatchObject({ state: 'ok' });
  });

  it('must not be a file, nor below one', () => {
    writeFileSync(join(root, 'file'), '');
    for (const path of [join(root, 'file'), join(root, 'file', 'below')]) {
      expect(check(path)).toMatchObject({
        state: 'missing',
        found: `expected a directory, but ${join(root, 'file')} is a file`,
        remedy: 'choose another one with XDG_CACHE_HOME=DIR',
      });
    }
  });

  it('must exist when nothing creates it', () => {
    expect(check(join(root, 'absent'), { mustExist: true })).toMatchObject({ state: 'missing' });
  });

  it.each([
    [1e8, 'missing', '0.1 GB free, expected at least 0.5 GB'],
    [1e9, 'warning', '1.0 GB free, expected 2.0 GB'],
    [1e10, 'ok', '10.0 GB free'],
  ])('with %d bytes free is %s', (freeBytes, state, found) => {
    expect(check(root, { freeBytes })).toMatchObject({ state, found: `${root}, ${found}` });
  });
});

test('too little memory is a warning', () => {
  expect(checkMemory(1e9, 8e9)).toMatchObject({ state: 'warning', found: expect.stringContaining('1.0 of 8.0 GB') });
  expect(checkMemory(4e9, 8e9)).toMatchObject({ state: 'ok' });
});

test('Windows lacks a POSIX shell', () => {
  expect(checkShell('win32')).toMatchObject({ state: 'missing', remedy: 'wsl --install' });
});

test('a low hard limit of open files is named with the command that raises it', async () => {
  const module = require.resolve('../../../localstack/stack/doctor/machine-checks.ts');
  const script = `import(${JSON.stringify(module)})
    .then(({ checkOpenFiles }) => checkOpenFiles({ signal: new AbortController().signal }))
    .then((finding) => console.log(JSON.stringify(finding)))`;
  const args = ['-c', 'ulimit -n 100; exec "$0" -e "$1"', process.execPath, script];
  expect(JSON.parse(await runProgram({ file: 'sh', args }, { signal }))).toEqual({
    subject: 'Open files',
    state: 'missing',
    found: 'expected a limit of at least 256, but found 100',
    remedy: expect.stringContaining('ulimit -n 4096'),
  });
  expect(await checkOpenFiles({ signal })).toMatchObject({ state: 'ok' });
});

test('a port in use is a warning, unless the stack of the directory runs', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ports = { kafka: port };
  expect(await checkPorts({ directory: root }, ports)).toMatchObject({
    state: 'warning',
    found: expect.stringContaining(String(port)),
  });
  writeFileSync(join(root, 'endpoints.json'), '{}');
  expect(await checkPorts({ directory: root }, ports)).toMatchObject({ state: 'ok' });
  server.close();
});

test('a Java that was passed over is named beside the one in use', () => {
  const unusable = [{ file: '/old/java', reason: 'version 11' }];
  expect(javaFinding({ found: { file: '/java', version: 21 }, unusable })).toEqual({
    subject: 'Java',
    state: 'ok',
    found: '21 at /java; not usable: /old/java (version 11)',
  });
  expect(javaFinding({ unusable })).toMatchObject({ state: 'missing', remedy: expect.stringMatching(/install/) });
});

test('a report has a line for each finding, its remedy, and the verdict', () => {
  const findings: Finding[] = [
    { subject: 'Java', state: 'missing', found: 'none', remedy: 'brew install openjdk' },
    { subject: 'Node', state: 'ok', found: '24' },
  ];
  expect(formatReport(findings)).toBe(
    [
      'MISSING Java  none',
      '              -> brew install openjdk',
      'ok      Node  24',
      '',
      'The stack cannot start. Missing: Java. See the commands above, or use Docker: "npm start -- --docker".',
    ].join('\n'),
  );
  expect(formatReport([findings[1] as Finding])).toContain('The stack can start: npm start');
});

describe('before any command', () => {
  const install = (...paths: string[]) => {
    for (const path of paths) {
      mkdirSync(join(root, 'node_modules', path, '..'), { recursive: true });
      writeFileSync(join(root, 'node_modules', path), '');
      chmodSync(join(root, 'node_modules', path), 0o755);
    }
  };

  it('missing packages are named with "npm ci"', () => {
    expect(findMissing('24.0.0', root)).toMatch(/not installed in .*: run "npm ci"\.$/);
  });

  it('missing development packages, as with NODE_ENV=production, are named', () => {
    install('pg/package.json');
    expect(findMissing('24.0.0', root)).toMatch(/run "npm ci --include=dev"\.$/);
  });

  it('an old Node, when the install script of the package node did not run, is named', () => {
    install('serverless/package.json');
    expect(findMissing('20.19.5', root)).toMatch(
      /^Expected Node 24 or newer, but found 20\.19\.5 .*run "npm rebuild node/,
    );
  });

  it('an old Node beside an installed new one is named with "npm run"', () => {
    install('serverless/package.json', '.bin/node');
    expect(findMissing('20.19.5', root)).toMatch(/start the command with "npm run"\.$/);
  });

  it('nothing is said when all is there', () => {
    install('serverless/package.json');
    expect(findMissing('24.21.0', root)).toBeUndefined();
  });
});
