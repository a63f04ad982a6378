import type { Attention } from '../../core/verdict.ts';
import type { DashboardState } from '../../ports/dashboard-state.ts';
import { agreementSection } from './agreement-section.ts';
import { changesSection } from './changes-section.ts';
import { deadLettersSection } from './dead-letters-section.ts';
import { detailsSection } from './details-section.ts';
import { html, type Markup } from './markup.ts';
import { salariesSection } from './salaries-section.ts';
import { verdictSection } from './verdict-section.ts';

/** A part of the home page. Its tag changes with its content. */
export interface Part {
  readonly id: string;
  readonly tag: string;
  readonly markup: Markup;
}

/** The parts of the home page, in the order in which one looks. `hash` returns a short text for a content. */
export function homeParts(
  state: DashboardState,
  attention: readonly Attention[],
  hash: (content: string) => string,
): readonly Part[] {
  const contents: readonly (readonly [string, Markup])[] = [
    ['verdict', verdictSection(state, attention)],
    ['changes', changesSection(state)],
    ['salaries', salariesSection(state)],
    ['dead-letters', deadLettersSection(state)],
    ['agreement', agreementSection(state)],
    ['details', detailsSection(state)],
  ];
  return contents.map(([id, content]) => {
    const tag = `${id}.${hash(content.toString())}`;
    const kind = id === 'verdict' ? '' : 'card';
    return { id, tag, markup: html`<section id="${id}" class="${kind}" data-tag="${tag}">${content}</section>` };
  });
}

export function homeBody(parts: readonly Part[]): Markup {
  return html`<div class="parts">${parts.map(({ markup }) => markup)}</div>
    <div id="poll" hx-get="/parts" hx-trigger="every 2s, visibilitychange from:document" hx-swap="none"></div>`;
}

/** The parts whose tags the browser does not have, as htmx replaces them. */
export function changedParts(parts: readonly Part[], known: ReadonlySet<string>): Markup {
  const changed = parts.filter(({ tag }) => !known.has(tag));
  return html`${changed.map(
    ({ id, markup }) => html`<hx-partial hx-target="#${id}" hx-swap="outerMorph">${markup}</hx-partial>`,
  )}`;
}
