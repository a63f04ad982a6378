import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Terminal } from '@xterm/headless';
import { hashShownSources, SOURCES_FILE } from '../../pictures/shown-sources.ts';
import { terminalSvg } from '../../pictures/terminal-svg.ts';

const ROOT = join(__dirname, '../../..');

describe('the pictures of the documentation', () => {
  it('show the page and the demo as they are; otherwise run npm run docs:pictures', () => {
    expect(JSON.parse(readFileSync(join(ROOT, SOURCES_FILE), 'utf8'))).toEqual({ hash: hashShownSources(ROOT) });
  });

  it('have the text of a terminal at its place, with its colours', async () => {
    const terminal = new Terminal({ cols: 40, rows: 5, allowProposedApi: true });
    await new Promise<void>((done) =>
      terminal.write('working\r\x1b[2K\x1b[32m✔\x1b[0m done <1 s>\r\n\r\n  \x1b[1mbold   1\x1b[0m', done),
    );
    const svg = terminalSvg(terminal, 'npm "x"');
    const texts = [...svg.matchAll(/<text x="([\d.]+)" y="(\d+)" textLength="[\d.]+"([^>]*)>([^<]*)</g)];
    expect(texts.map(([, x, y, style, text]) => [Number(x), Number(y), style, text])).toEqual([
      [16, 58, ' fill="#6cc47a"', '✔'],
      [32.8, 58, '', 'done &lt;1 s>'],
      [32.8, 96, ' font-weight="bold"', 'bold'],
      [91.6, 96, ' font-weight="bold"', '1'],
    ]);
    expect(svg).not.toContain('working');
    expect(svg).toContain('aria-label="npm &quot;x&quot;"');
  });
});
