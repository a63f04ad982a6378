import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerLog } from '../../../../localstack/stack/process/server-log.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'server-log-'));
  path = join(directory, 'logs', 'server.log');
});

afterEach(() => rmSync(directory, { recursive: true }));

test('reads what was logged since the log was opened last', async () => {
  const log = new ServerLog(path);
  await log.openForAppend(async (descriptor) => writeSync(descriptor, 'first start\n'));
  await log.openForAppend(async (descriptor) => writeSync(descriptor, 'second start\n'));
  expect(log.readSinceOpen()).toBe('second start\n');
  expect(readFileSync(path, 'utf8')).toBe('first start\nsecond start\n');
});

test('a log above 5 MB is renamed before it is opened', async () => {
  const log = new ServerLog(path);
  await log.openForAppend(async () => {});
  writeFileSync(path, 'x'.repeat(5_000_000));
  await log.openForAppend(async () => {});
  expect(existsSync(`${path}.old`)).toBe(false);
  writeFileSync(path, 'x'.repeat(5_000_001));
  await log.openForAppend(async (descriptor) => writeSync(descriptor, 'new'));
  expect([readFileSync(path, 'utf8'), existsSync(`${path}.old`)]).toEqual(['new', true]);
});
