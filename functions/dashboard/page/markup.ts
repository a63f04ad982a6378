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

/** Lets a line break after each slash and underscore, so that a long name is broken between its words. */
export function breakable(text: string): Markup {
  return html`${text.split(/(?<=[/_])/).map((part) => html`${part}<wbr>`)}`;
}

export const NOTHING: Markup = raw('');
