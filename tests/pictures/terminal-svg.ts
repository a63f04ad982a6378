import type { IBufferCell, Terminal } from '@xterm/headless';

const [CELL_WIDTH, LINE_HEIGHT, FONT_SIZE, MARGIN, BAR_HEIGHT] = [8.4, 19, 14, 16, 28];
const [BACKGROUND, FOREGROUND, DIM, BAR] = ['#16181d', '#d7dae0', '#868c98', '#22252c'];

/** The first sixteen colours of a terminal. */
const PALETTE = [
  ...['#16181d', '#e5686d', '#6cc47a', '#e2b35c', '#6aa3f0', '#c98be8', '#5cc3c9', '#d7dae0'],
  ...['#868c98', '#ff8a8f', '#8de09b', '#ffd07a', '#8dbbff', '#dfa8fa', '#7fe0e6', '#ffffff'],
];

/** What a terminal shows, as a picture in which the text can be selected and searched. */
export function terminalSvg(terminal: Terminal, title: string): string {
  const lines = shownLines(terminal);
  const width = Math.ceil(terminal.cols * CELL_WIDTH + 2 * MARGIN);
  const height = BAR_HEIGHT + lines.length * LINE_HEIGHT + 2 * MARGIN;
  const texts = lines.map((line, index) => {
    const y = BAR_HEIGHT + MARGIN + index * LINE_HEIGHT + FONT_SIZE;
    return line.map((run) => runSvg(run, y)).join('');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}">
<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>
<path d="M0 ${BAR_HEIGHT}V8a8 8 0 0 1 8-8h${width - 16}a8 8 0 0 1 8 8v${BAR_HEIGHT - 8}z" fill="${BAR}"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="${FONT_SIZE}" fill="${FOREGROUND}">
<text x="${width / 2}" y="19" text-anchor="middle" fill="${DIM}">${escapeXml(title)}</text>
${texts.filter((text) => text !== '').join('\n')}
</g>
</svg>
`;
}

interface Run {
  readonly column: number;
  readonly text: string;
  readonly style: string;
}

/** Without empty lines at the end. */
function shownLines({ buffer: { active }, cols }: Terminal): readonly (readonly Run[])[] {
  const lines = Array.from({ length: active.length }, (_, row) => {
    const runs: { column: number; text: string; style: string }[] = [];
    for (let column = 0; column < cols; column += 1) {
      const cell = active.getLine(row)?.getCell(column);
      if (cell === undefined || cell.getWidth() === 0) continue;
      const [text, style] = [cell.getChars() || ' ', styleOf(cell)];
      const last = runs.at(-1);
      if (last !== undefined && last.style === style) last.text += text;
      else runs.push({ column, text, style });
    }
    return runs.filter(({ text }) => text.trim() !== '');
  });
  return lines.slice(0, lines.findLastIndex((runs) => runs.length > 0) + 1);
}

function styleOf(cell: IBufferCell): string {
  const color = cell.isFgPalette() ? PALETTE[cell.getFgColor()] : undefined;
  const fill = color ?? (cell.isDim() ? DIM : undefined);
  return `${fill === undefined ? '' : ` fill="${fill}"`}${cell.isBold() ? ' font-weight="bold"' : ''}`;
}

/**
 * The width is given, so that columns stay below each other whatever font the reader has. Columns are texts of their own,
 * because SVG makes one blank of several.
 */
function runSvg({ column, text, style }: Run, y: number): string {
  return [...text.matchAll(/\S+(?: \S+)*/g)]
    .map(({ 0: words, index }) => {
      const [x, length] = [MARGIN + (column + index) * CELL_WIDTH, words.length * CELL_WIDTH];
      return `<text x="${x.toFixed(1)}" y="${y}" textLength="${length.toFixed(1)}"${style}>${escapeXml(words)}</text>`;
    })
    .join('');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
