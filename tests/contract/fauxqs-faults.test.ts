import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../localstack/stack/process/run-program.ts';

/** Each patch in `patched-fauxqs.ts` exists because of one of these faults. Remove it when fauxqs has fixed the fault. */
describe('fauxqs without patches', () => {
  let outcome: Record<string, unknown>;

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fauxqs-faults-'));
    try {
      const script = join(__dirname, 'fauxqs-faults', 'unpatched-fauxqs.ts');
      const { signal } = new AbortController();
      const output = await runProgram({ file: process.execPath, args: [script, directory] }, { signal });
      outcome = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('listens on every address although its option is the loopback address', () => {
    expect(outcome['listenHost']).toBe('0.0.0.0');
  });

  test('refuses a body above 11 MiB, which S3 accepts', () => {
    expect(outcome['largePutStatus']).toBe(413);
  });

  test('fails for an empty PUT without Content-Type', () => {
    expect(outcome['untypedEmptyPutStatus']).toBe(500);
  });

  test('does not store the body of a PUT with the Content-Type of a form', () => {
    expect(outcome['formContent']).not.toBe('a,b');
  });

  test('loses the previous data when it is killed while it overwrites an object', () => {
    expect(outcome['killedOverwriteLeaves']).toBe('next');
  });
});
