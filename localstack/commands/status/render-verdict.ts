import type { Attention } from '../../../functions/core/verdict.ts';
import { formatAge } from '../terminal/figures.ts';
import { type Paint, printable } from '../terminal/style.ts';
import { padText, wrapText } from '../terminal/wrap.ts';

export interface RenderOptions {
  readonly paint: Paint;
  /** Of the terminal; `undefined` breaks and shortens nothing. */
  readonly width?: number | undefined;
  readonly now: Date;
}

const INDENT = 14;
const GAP = 3;

/** "All is well", or each thing that needs attention, with the command that helps at the end of its line. */
export function renderVerdict(attention: readonly Attention[], { paint, width, now }: RenderOptions): string {
  if (attention.length === 0) return `${paint('good', '●')} All is well`;
  const titles = attention.map((item) => titleOf(item, now));
  const commandColumn = Math.max(...attention.map(({ command }, i) => (command ? (titles[i] ?? '').length : 0))) + GAP;
  const lines = attention.flatMap(({ code, message, command }, i) => {
    const title = titles[i] ?? '';
    const first = command === null ? title : `${padText(title, commandColumn)}${paint('strong', `→ ${command}`)}`;
    const rest = wrapText(`${printable(message)} (${code})`, width && width - INDENT - 2);
    return [first, ...rest.map((line) => `  ${paint('dim', line)}`)];
  });
  const label = `${paint('attention', '●')} ${paint('attention', 'attention')}   `;
  return lines.map((line, i) => `${i === 0 ? label : ' '.repeat(INDENT)}${line}`).join('\n');
}

function titleOf({ code, subject, since }: Attention, now: Date): string {
  if (since === null) return printable(subject);
  return `${printable(subject)}, ${code === 'PIPE_DEAD_LETTERS' ? 'oldest' : 'for'} ${formatAge(since, now)}`;
}
