import { raw } from 'hono/html';
import type { Markup } from './markup.ts';

/** Each is hidden from screen readers: the text beside it says the same. */
const icon = (paths: string): Markup =>
  raw(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${paths}</svg>`);

export const ICON = {
  well: icon('<circle cx="12" cy="12" r="10"/><path d="m7.5 12.5 3 3 6-6.5"/>'),
  attention: icon('<path d="M12 3 1.8 20.5h20.4z"/><path d="M12 9.5v5M12 17.4v.2"/>'),
  unknown: icon('<circle cx="12" cy="12" r="10"/><path d="M12 7v6M12 16.5v.2"/>'),
  next: icon('<path d="m9 5 7 7-7 7"/>'),
} as const;
