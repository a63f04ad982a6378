import { raw } from 'hono/html';
import { html, type Markup } from './markup.ts';

/** Addresses of the files that the page loads, each with a hash of its content. */
export interface AssetUrls {
  readonly style: string;
  readonly htmx: string;
  readonly script: string;
  readonly iconWell: string;
  readonly iconAttention: string;
}

export interface Page {
  readonly title: string;
  readonly isWell: boolean;
  readonly stage: string;
  readonly body: Markup;
}

/** Settings of htmx: nothing that the content security policy forbids, and open details stay open. */
const HTMX_CONFIG =
  '{"includeIndicatorCSS":false,"history":false,"defaultTimeout":10000,"morphIgnore":["data-htmx-powered","open"]}';

/** A whole page. Pages below the home page get a link back to it. */
export function layout({ title, isWell, stage, body }: Page, assets: AssetUrls, isHome: boolean): Markup {
  const name = html`employee-streams <span class="stage-name">${stage}</span>`;
  return html`${raw('<!doctype html>')}
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="htmx-config" content="${HTMX_CONFIG}">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="${isWell ? assets.iconWell : assets.iconAttention}" data-good="${assets.iconWell}" data-bad="${assets.iconAttention}">
<link rel="stylesheet" href="${assets.style}">
<script src="${assets.htmx}" defer></script>
<script src="${assets.script}" defer></script>
</head>
<body>
<header class="top">${isHome ? html`<span>${name}</span>` : html`<a href="/"><span aria-hidden="true">← </span>${name}</a>`}<span id="connection" role="status"></span></header>
<main>${body}</main>
</body>
</html>`;
}
