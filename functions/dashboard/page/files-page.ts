import type { FileProgress } from '../../ports/salary-view.ts';
import { plural } from './format.ts';
import { html, type Markup } from './markup.ts';
import { fileList } from './salaries-section.ts';

/** Files by a part of their key, the newest first. */
export function filesPage(key: string, files: readonly FileProgress[], limit: number, now: Date): Markup {
  const found = files.length === limit ? `The newest ${limit}` : plural(files.length, 'file');
  return html`<div class="page"><h1>Files</h1>
    <section class="card">
      <form class="filters" action="/files"><label>Key contains <input name="key" value="${key}" maxlength="200" autocomplete="off"></label>
        <div><button>Search</button></div></form>
      <p class="quiet">${found}${key === '' ? '' : ` with "${key}" in the key`}</p>
      ${files.length === 0 ? '' : fileList(files, now)}
    </section></div>`;
}
