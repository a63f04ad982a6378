import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireCsvFile, requireCsvName, shellWord } from '../../../localstack/commands/csv-file.ts';
import { readWhileRunning } from '../../../localstack/commands/read-while-running.ts';
import { stackDirectory, userPath } from '../../../localstack/stack/user-path.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'command-paths-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('a path that the user gave', () => {
  const npm = { npm_package_json: '/project/package.json', INIT_CWD: '/home/me' };

  it('is relative to where the user called npm', () => {
    expect(userPath('a.csv', npm, '/project')).toBe('/home/me/a.csv');
    expect(userPath('../a.csv', npm, '/project')).toBe('/home/a.csv');
    expect(userPath('/abs.csv', npm, '/project')).toBe('/abs.csv');
  });

  it('is relative to the working directory without npm, and below another npm script', () => {
    expect(userPath('a.csv', {}, '/work')).toBe('/work/a.csv');
    expect(userPath('a.csv', npm, '/elsewhere')).toBe('/elsewhere/a.csv');
  });

  it('names a stack of its own, while the default is that of the project', () => {
    expect(stackDirectory('.localstack')).toBe('.localstack');
    expect(stackDirectory('other')).toBe(join(process.cwd(), 'other'));
  });
});

describe('a file to upload', () => {
  it('is accepted with its absolute path and size', async () => {
    writeFileSync(join(root, 'a b.csv'), 'abc');
    expect(await requireCsvFile(join(root, 'a b.csv'))).toEqual({ path: join(root, 'a b.csv'), bytes: 3 });
  });

  it.each([
    ['', 'found an empty path'],
    ['  ', 'found an empty path'],
    ['https://example.com/a.csv', 'download it first, with "curl -fLO https://example.com/a.csv"'],
    ['s3://bucket/a.csv', 'download it first, with "aws s3 cp s3://bucket/a.csv ."'],
    ['file:///a.csv', 'give the path without "file://"'],
    ['/no/such.csv', '/no/such.csv does not exist: see "ls /no"'],
    ['/dev/null', '/dev/null is a device or a pipe'],
    ['/dev/null/a.csv', 'does not exist'],
    ['a\0.csv', ''],
  ])('%j is refused in one line', async (path, message) => {
    const refusal = await requireCsvFile(path).catch((error: Error) => error);
    expect(refusal).toBeInstanceOf(Error);
    expect((refusal as Error).message).toContain(message);
    expect((refusal as Error).message).not.toContain('\n');
  });

  it('must not be a folder', async () => {
    await expect(requireCsvFile(root)).rejects.toThrow(`${root} is a folder: name one of its files, see "ls ${root}"`);
  });

  it('must be readable', async () => {
    const path = join(root, 'secret.csv');
    writeFileSync(path, 'a');
    chmodSync(path, 0);
    // Root may read every file.
    if (process.getuid?.() === 0) return;
    await expect(requireCsvFile(path)).rejects.toThrow(`run "chmod u+r ${path}"`);
  });

  it.each([
    ['/x/A.CSV', 'A.csv'],
    ['notes.txt', 'notes.csv'],
    ['a.csv.gz', 'a.csv.csv'],
    ['plain', 'plain.csv'],
  ])('%s needs a name that the bucket does not ignore', (path, csvName) => {
    expect(() => requireCsvName(path, (name) => `"mend ${name}"`)).toThrow(`run "mend ${csvName}"`);
  });

  it('may have any name that ends with .csv', () => {
    expect(() => requireCsvName('/x/Grüße 1.csv', String)).not.toThrow();
  });
});

test.each(['plain.csv', 'a b.csv', "it's.csv", '$HOME`x`.csv', 'ü"\\.csv'])('a shell reads %s as quoted', (name) => {
  expect(execFileSync('sh', ['-c', `printf %s ${shellWord(name)}`], { encoding: 'utf8' })).toBe(name);
});

describe('a command that waits', () => {
  const failing = () => Promise.reject(new Error('connect ECONNREFUSED'));

  it('ends at once when the stack has stopped', async () => {
    await expect(readWhileRunning(failing, { directory: root })).rejects.toThrow(
      `The stack of ${root} stopped while this command waited (connect ECONNREFUSED). The request remains: "npm start"`,
    );
  });

  it('continues when the stack restarts a server, and ends when the server stays unavailable', async () => {
    writeFileSync(join(root, 'endpoints.json'), '{}');
    let reads = 0;
    const recovering = async () => (++reads < 3 ? failing() : 'state');
    expect(await readWhileRunning(recovering, { directory: root })).toBe('state');
    await expect(readWhileRunning(failing, { directory: root }, 300)).rejects.toThrow(
      'stopped while this command waited',
    );
  });
});

describe('the commands', () => {
  const project = join(__dirname, '../../..');
  const run = (script: string, args: string[], env: Record<string, string> = {}) => {
    try {
      const options = { cwd: project, encoding: 'utf8', stdio: 'pipe' } as const;
      const file = join(project, 'localstack/commands', script);
      execFileSync(process.execPath, [file, ...args], { ...options, env: { ...process.env, ...env } });
      return '';
    } catch (error) {
      return (error as { stderr: string }).stderr.trim();
    }
  };
  const fromRoot = () => ({ npm_package_json: join(project, 'package.json'), INIT_CWD: root });

  it('check the file before anything starts, with the command that corrects it', () => {
    mkdirSync(join(root, 'in'));
    writeFileSync(join(root, 'in', 'A B.CSV'), 'x');
    expect(run('upload.ts', ['in/A B.CSV', '--directory', 'none'], fromRoot())).toMatch(
      /found A B\.CSV: run "npm run upload -- 'in\/A B\.CSV' --key 'A B\.csv'"\.$/,
    );
    expect(run('demo/demo.ts', ['in/A B.CSV'], fromRoot())).toBe(
      'Expected a file name that ends with .csv, in lower case, because the pipeline reads only those, but found ' +
        `A B.CSV: run "mv '${root}/in/A B.CSV' '${root}/in/A B.csv'".`,
    );
  });

  it('do not wait for a stack that does not run', () => {
    writeFileSync(join(root, 'a.csv'), 'x');
    const noStack = `No stack is ready: ${join(root, 'none', 'endpoints.json')} does not exist.`;
    expect(run('upload.ts', ['a.csv', '--directory', 'none'], fromRoot())).toContain(noStack);
    const args = ['--rows', '1', '--every', '1', '--directory', 'none'];
    expect(run('generate.ts', args, fromRoot())).toContain(noStack);
  });

  it('do not wait for a bucket whose stack was killed', () => {
    writeFileSync(join(root, 'a.csv'), 'x');
    const s3 = { endpoint: 'http://127.0.0.1:9', region: 'x', bucket: 'b', accessKeyId: 'a', secretAccessKey: 's' };
    writeFileSync(join(root, 'endpoints.json'), JSON.stringify({ s3 }));
    expect(run('upload.ts', ['a.csv', '--directory', '.'], fromRoot())).toMatch(
      /^The bucket b at http:\/\/127\.0\.0\.1:9 did not accept a\.csv \(.*ECONNREFUSED.*\): .*"npm start"\.$/,
    );
  });

  it('write a generated file where the user is, and name a folder that is missing', () => {
    expect(run('generate.ts', ['--rows', '1', '--out', 'new.csv'], fromRoot())).toBe('');
    expect(run('upload.ts', ['new.csv', '--directory', 'none'], fromRoot())).toContain('No stack is ready');
    expect(run('generate.ts', ['--rows', '1', '--out', 'no/new.csv'], fromRoot())).toBe(
      `Cannot write ${root}/no/new.csv, because ${root}/no cannot be written: run "mkdir -p ${root}/no".`,
    );
  });
});
