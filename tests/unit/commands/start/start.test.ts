import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { limitLog } from '../../../../localstack/commands/start/log-limit.ts';
import { eventually } from '../../../support/eventually.ts';

const START = resolve(import.meta.dirname, '../../../../localstack/commands/start/start.ts');

function start(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [START, ...args], (_, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test.each([
  [['--frehs'], "Unknown option '--frehs'. Did you mean --fresh?"],
  [['--s3', 'ceph'], "Option '--s3 <KIND>' argument 'ceph' is invalid. Allowed choices are builtin, minio."],
  [['--docker', '--ports', 'free'], '--docker always uses MinIO and the default ports: leave out --s3 and --ports.'],
])('npm start refuses %j with exit code 2, without a stack trace', async (args, message) => {
  expect(await start(...args)).toEqual({
    code: 2,
    out: '',
    err: `${message}\nThe options are in: npm start -- --help\n`,
  });
});

test('a log file that is too long continues empty, and its lines are in another file', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'log-limit-'));
  const path = join(directory, 'functions.log');
  appendFileSync(path, 'first\n');
  const end = limitLog(path, 10, 5);
  try {
    expect(existsSync(`${path}.old`)).toBe(false);
    appendFileSync(path, 'second\n');
    await eventually(() => existsSync(`${path}.old`) && readFileSync(path, 'utf8') === '');
    expect(readFileSync(`${path}.old`, 'utf8')).toBe('first\nsecond\n');
  } finally {
    end();
    rmSync(directory, { recursive: true });
  }
});

test('a log file that cannot be copied is emptied all the same, and that is said once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'log-limit-'));
  const path = join(directory, 'functions.log');
  const err: string[] = [];
  const spy = jest.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0);
  mkdirSync(`${path}.old`);
  appendFileSync(path, 'first and second\n');
  const end = limitLog(path, 10, 5);
  try {
    await eventually(() => readFileSync(path, 'utf8') === '');
    appendFileSync(path, 'third and fourth\n');
    await eventually(() => readFileSync(path, 'utf8') === '');
    expect(err).toEqual([expect.stringMatching(/functions\.log could not be kept short without loss: .+\n$/)]);
  } finally {
    end();
    spy.mockRestore();
    rmSync(directory, { recursive: true });
  }
});
