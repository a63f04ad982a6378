import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runProgram } from '../process/run-program.ts';
import { isExecutable } from './find-executable.ts';
import { dockerAlternative, installCommand } from './install-hints.ts';

export const MIN_JAVA_VERSION = 17;
const VERSION_TIMEOUT_MS = 20_000;

/**
 * Options of every JVM of the stack. Only the first compiler (C1) runs, because the second one (C2) takes CPU time from the
 * functions that it does not save again in the minutes for which these servers run.
 */
export const SMALL_JVM = [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.awt.headless=true',
];

/** A `java` on this machine that cannot be used, and why. */
export interface UnusableJava {
  readonly file: string;
  readonly reason: string;
}

export interface JavaSearch {
  /** The first usable one. */
  readonly found?: { readonly file: string; readonly version: number };
  /** Those that were tried before. */
  readonly unusable: readonly UnusableJava[];
}

let machineSearch: Promise<JavaSearch> | undefined;

/**
 * The path of a Java of the required version.
 *
 * @throws when Java is missing or too old, with what was found and how to install it.
 */
export async function findJava(signal: AbortSignal): Promise<string> {
  const search = await searchMachine(signal);
  if (search.found !== undefined) return search.found.file;
  throw new Error(`${describeMissingJava(search)}: ${installCommand('java')}${dockerAlternative}.`);
}

/** The result is kept for the lifetime of this process once a usable Java was found. */
export async function searchMachine(signal: AbortSignal): Promise<JavaSearch> {
  machineSearch ??= searchJava({ signal });
  const searching = machineSearch;
  const isUsable = await searching.then(
    ({ found }) => found !== undefined,
    () => false,
  );
  if (!isUsable) machineSearch = undefined;
  return searching;
}

export function describeMissingJava({ unusable }: JavaSearch): string {
  const found = unusable.map(({ file, reason }) => `${file} (${reason})`).join(', ') || 'none';
  return `Kafka and DynamoDB need Java ${MIN_JAVA_VERSION} or newer; found ${found}`;
}

interface SearchOptions {
  readonly signal: AbortSignal;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Directories with one Java each, where installers put them. */
  readonly installations?: readonly string[];
}

/** Tries `JAVA_HOME`, then each `PATH` directory, then where installers put Java, until one has the required version. */
export async function searchJava({ signal, env = process.env, installations }: SearchOptions): Promise<JavaSearch> {
  const unusable: UnusableJava[] = [];
  const home = env['JAVA_HOME'];
  const directories = [
    ...(home ? [join(home, 'bin')] : []),
    ...(env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== ''),
    ...(installations ?? findInstallations()),
  ];
  for (const file of new Set(directories.map((directory) => join(directory, 'java')))) {
    if (!isExecutable(file)) continue;
    const version = await readVersion(file, signal);
    if (typeof version !== 'number') unusable.push({ file, reason: version });
    else if (version < MIN_JAVA_VERSION) unusable.push({ file, reason: `version ${version}` });
    else return { found: { file, version }, unusable };
  }
  return { unusable };
}

/** The major version, or why it is unknown. macOS, for instance, has a `java` that only says how to install Java. */
async function readVersion(file: string, signal: AbortSignal): Promise<number | string> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(VERSION_TIMEOUT_MS)]);
  try {
    const output = await runProgram({ file, args: ['-version'] }, { signal: limited });
    // Before Java 9 the version of Java 8 was written "1.8".
    const version = /version "(?:1\.)?(\d+)/.exec(output)?.[1];
    return version === undefined ? '"java -version" prints no version' : Number(version);
  } catch {
    signal.throwIfAborted();
    return limited.aborted ? '"java -version" does not end' : '"java -version" fails';
  }
}

function findInstallations(): string[] {
  const below = (directory: string, ...path: string[]) => {
    try {
      const names = readdirSync(directory).sort().reverse();
      return names.map((name) => join(directory, name, ...path));
    } catch {
      return [];
    }
  };
  return [
    ...below('/usr/lib/jvm', 'bin'),
    ...below('/Library/Java/JavaVirtualMachines', 'Contents', 'Home', 'bin'),
    '/opt/homebrew/opt/openjdk/bin',
    '/usr/local/opt/openjdk/bin',
    ...below(join(homedir(), '.sdkman', 'candidates', 'java'), 'bin'),
  ];
}
