import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const INTERVAL_MS = 100;

/** Measures the resident memory of a process, with its threads and without its child processes. */
export class PeakMemory {
  readonly #timer: NodeJS.Timeout;
  #peakBytes = 0;

  constructor(pid: number) {
    const sample = () => {
      this.#peakBytes = Math.max(this.#peakBytes, residentBytes(pid));
    };
    sample();
    this.#timer = setInterval(sample, INTERVAL_MS);
  }

  /** @returns the largest sample, in MB of 10^6 bytes. */
  stop(): number {
    clearInterval(this.#timer);
    return Math.round(this.#peakBytes / 1e6);
  }
}

function residentBytes(pid: number): number {
  const kibibytes =
    process.platform === 'linux'
      ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  return Number(kibibytes) * 1024;
}
