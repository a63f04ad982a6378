import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runProgram } from '../process/run-program.ts';

const neededVersion = 17;

/**
 * A server on a laptop lives for minutes beside the functions that use it: compiling its code to the last costs more
 * of the processor than it ever brings in, so the first compiler has to do.
 */
export const SMALL_JVM = [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.awt.headless=true',
];

const advice =
  'install it (Debian, Ubuntu: "apt-get install openjdk-17-jre-headless maven"; macOS: "brew install openjdk maven"), ' +
  'or use Docker: "npm start -- --docker"';

let found: Promise<string> | undefined;

/**
 * Looks for Java once: `JAVA_HOME` first, then `PATH`.
 *
 * @throws in one line that says what to install.
 */
export function findJava(signal: AbortSignal): Promise<string> {
  found ??= look(signal).catch((error) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function look(signal: AbortSignal): Promise<string> {
  const home = process.env['JAVA_HOME'];
  const java = (home && (await findExecutable('java', join(home, 'bin')))) || (await findExecutable('java'));
  if (java === undefined) throw new Error(`Kafka and DynamoDB need Java ${neededVersion} or newer: ${advice}.`);
  const output = await runProgram({ file: java, args: ['-version'] }, { signal });
  const version = /version "(?:1\.)?(\d+)/.exec(output)?.[1];
  if (Number(version) >= neededVersion) return java;
  throw new Error(`Kafka and DynamoDB need Java ${neededVersion} or newer, and ${java} is ${version}: ${advice}.`);
}

/** @throws in one line that says what to install. */
export async function findMaven(): Promise<string> {
  const maven = await findExecutable('mvn');
  if (maven === undefined) throw new Error(`The jars of Kafka and DynamoDB are fetched by Maven: ${advice}.`);
  return maven;
}

export async function findExecutable(name: string, path = process.env['PATH'] ?? ''): Promise<string | undefined> {
  for (const directory of path.split(delimiter)) {
    if (directory === '') continue;
    const candidate = join(directory, name);
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return candidate;
  }
  return undefined;
}
