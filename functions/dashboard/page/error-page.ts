import { capitalized } from './format.ts';
import type { Page } from './layout.ts';
import { html } from './markup.ts';

const TITLES: Readonly<Record<number, string>> = {
  403: 'Refused',
  404: 'There is no such page',
  405: 'Not possible here',
  409: 'This is not possible now',
  413: 'Too much to send',
  414: 'The address is too long',
  503: 'This page cannot be shown now',
};

const EXPLANATIONS: Readonly<Record<number, string>> = {
  404: 'The address names nothing that exists.',
  405: 'This address does not do that.',
  503: 'A server that it needs does not answer. Try again in some seconds; the log of the function dashboard has the reason.',
};

/** A plain page for an error, without anything about its cause. */
export function errorPage(status: number, message: string): Pick<Page, 'title' | 'body'> {
  const title = TITLES[status] ?? 'This did not work';
  return {
    title,
    body: html`<div class="page"><h1>${title}</h1>
      <p>${capitalized(message) || EXPLANATIONS[status] || `The request was answered with status ${status}.`}</p>
      <p><a href="/">Back to the overview</a></p></div>`,
  };
}
