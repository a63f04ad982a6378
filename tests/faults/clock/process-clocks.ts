import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The processes of Node whose clock can be set. */
export type ClockedProcess = 'functions' | 's3' | 'status';

export interface ClockState {
  /** By how much the clock is ahead of the machine's. */
  readonly aheadMs: number;
  /** Whether the clock stands still at the time that it shows now. */
  readonly isFrozen: boolean;
}

export const RIGHT_CLOCK: ClockState = { aheadMs: 0, isFrozen: false };

const MODULE_URL = pathToFileURL(join(import.meta.dirname, 'faulty-clock.mjs'));

/** Sets the wall clocks of processes while they run. */
export class ProcessClocks {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
    for (const name of ['functions', 's3', 'status'] as const) this.set(name, RIGHT_CLOCK);
  }

  set(name: ClockedProcess, state: ClockState): void {
    const path = statePath(this.#directory, name);
    writeFileSync(`${path}.part`, JSON.stringify(state));
    renameSync(`${path}.part`, path);
  }
}

/** The options with which `node` starts a process whose clock can be set. */
export function clockOptions(directory: string, name: ClockedProcess): string[] {
  return ['--import', `${MODULE_URL}?state=${encodeURIComponent(statePath(directory, name))}`];
}

function statePath(directory: string, name: ClockedProcess): string {
  return join(directory, `${name}.json`);
}
