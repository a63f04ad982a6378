import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/*
 * What the operating system says about a process. Linux: /proc, which costs no process. Elsewhere, macOS included: ps.
 */
const hasProc = process.platform === 'linux';

/**
 * Identifies a process beyond its id, which the system reuses: by the time at which it started.
 *
 * @returns undefined when the process does not run. A zombie, which has exited but is not reaped yet, does not run.
 */
export function processIdentity(pid: number): string | undefined {
  return hasProc ? identityFromProc(pid) : identityFromPs(pid);
}

/** The program and arguments of a process, separated by blanks; undefined when the process does not run. */
export function processCommand(pid: number): string | undefined {
  try {
    return hasProc ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') : ps('command=', pid);
  } catch {
    return undefined;
  }
}

function identityFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // Field 2 is the name in parentheses, which may itself contain blanks and parentheses. Field 3 is the state, field 22
  // the start time in clock ticks since boot.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`;
}

function identityFromPs(pid: number): string | undefined {
  try {
    const line = ps('state=,lstart=', pid).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.slice(line.indexOf(' ')).trim();
  } catch {
    return undefined;
  }
}

function ps(columns: string, pid: number): string {
  return execFileSync('ps', ['-o', columns, '-p', String(pid)], { encoding: 'utf8' });
}

/** Sends a signal; does nothing when the process has already exited. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
