import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createProgram, runCommand, wholeNumber } from '../../localstack/commands/terminal/program.ts';
import { say } from '../bench/benchmark.ts';
import { takePagePictures } from './page-pictures.ts';
import { runInTerminal } from './run-in-terminal.ts';
import { hashShownSources, PICTURES, SOURCES_FILE } from './shown-sources.ts';
import { terminalSvg } from './terminal-svg.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** `npm run docs:pictures`: makes the pictures of the documentation anew. */
const program = createProgram(
  'npm run docs:pictures',
  'Makes the pictures of the documentation: runs the demo in a terminal, and the page in Chromium. Needs Linux.',
)
  .option(
    '--minutes <N>',
    'how long both pipelines run before the page is taken; its chart shows 15',
    wholeNumber(1),
    15,
  )
  .action(async ({ minutes }) => {
    const directory = join(ROOT, PICTURES);
    await mkdir(directory, { recursive: true });
    say('running the demo');
    const terminal = await runInTerminal('npm run --silent demo');
    await writeFile(join(directory, 'demo.svg'), terminalSvg(terminal, 'npm run demo'));
    await takePagePictures(directory, minutes);
    await writeFile(join(ROOT, SOURCES_FILE), `${JSON.stringify({ hash: hashShownSources(ROOT) })}\n`);
  });

await runCommand(program);
