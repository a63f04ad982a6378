import { html as honoHtml, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

/** HTML in which every inserted text is escaped. */
export type Markup = HtmlEscapedString;

type Value = string | number | boolean | null | undefined | Markup | readonly Value[];

/** Escapes each inserted value, except markup. `null`, `undefined` and booleans insert nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  // Without promises among the values the result is never a promise.
  return honoHtml(strings, ...values) as Markup;
}

export const NOTHING: Markup = raw('');
