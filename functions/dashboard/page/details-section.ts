import type { DashboardState, GroupProgress } from '../../ports/dashboard-state.ts';
import { formatCount } from './format.ts';
import { html, type Markup } from './markup.ts';
import { shown } from './section.ts';

/** Partitions of each consumer group. */
export function detailsSection({ readings, now }: DashboardState): Markup {
  return html`<details><summary><h2>Details</h2></summary>
    ${shown(readings.groups, 'Kafka', now, (groups) => html`${groups.map(groupTable)}`)}
  </details>`;
}

function groupTable({ group, topic, isMissing, partitions }: GroupProgress): Markup {
  if (isMissing) return html`<p class="failure">${group} reads ${topic}, which does not exist.</p>`;
  return html`<table class="partitions"><caption>${group} <span class="quiet">reads ${topic}</span></caption>
    <thead><tr><th scope="col">Partition</th><th scope="col" class="number">End</th><th scope="col" class="number">Waiting</th></tr></thead>
    <tbody>${partitions.map(
      ({ partition, end, lag }) =>
        html`<tr><th scope="row">${partition}</th><td class="number">${formatCount(end)}</td><td class="number">${formatCount(lag)}</td></tr>`,
    )}</tbody></table>`;
}
