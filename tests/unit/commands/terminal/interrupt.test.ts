import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const INTERRUPT = resolve(import.meta.dirname, '../../../../localstack/commands/terminal/interrupt.ts');

/** A process whose clean-up runs `cleanUp`. */
async function interrupted(cleanUp: string, signals: number): Promise<{ code: number; out: string }> {
  const script = `import { exitAfterInterrupt, onInterrupt } from ${JSON.stringify(INTERRUPT)};
    exitAfterInterrupt();
    onInterrupt(async () => { ${cleanUp} });
    setInterval(() => {}, 1_000);
    process.stdout.write('ready ');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
    // npm forwards the signal that the terminal sends too.
    if (String(chunk) === 'ready ') for (let i = 0; i < signals; i += 1) child.kill('SIGINT');
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, out };
}

const SLOW = "await new Promise((done) => setTimeout(done, 100)); process.stdout.write('cleaned up');";

test('an interrupted command cleans up and ends with exit code 130, also when the signal comes twice', async () => {
  expect(await interrupted(SLOW, 2)).toEqual({ code: 130, out: 'ready cleaned up' });
});

test('a clean-up that ends the process decides the exit code', async () => {
  expect(await interrupted('process.exit(0);', 1)).toEqual({ code: 0, out: 'ready ' });
});

test('a clean-up that fails does not keep the process running', async () => {
  expect(await interrupted("throw new Error('failed');", 1)).toEqual({ code: 130, out: 'ready ' });
});
