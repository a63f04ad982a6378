import { join } from 'node:path';
import { runProgram } from '../process/run-program.ts';
import { findExecutable } from './find-executable.ts';

const MIN_JAVA_VERSION = 17;

/**
 * Options of every JVM of the stack. Only the first compiler (C1) runs: these servers live for minutes, so the CPU time
 * that the second one takes away from the functions never pays off.
 */
export const SMALL_JVM = [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.awt.headless=true',
];

const INSTALL_HINT =
  'install it (Debian, Ubuntu: "apt-get install openjdk-17-jre-headless maven"; macOS: "brew install openjdk maven"), ' +
  'or use Docker: "npm start -- --docker"';

let java: Promise<string> | undefined;

/**
 * The path of Java, from `JAVA_HOME` or else `PATH`. Its version is checked once for the lifetime of this process.
 *
 * @throws when Java is missing or too old, with how to install it.
 */
export function findJava(signal: AbortSignal): Promise<string> {
  java ??= findAndCheckJava(signal).catch((error) => {
    java = undefined;
    throw error;
  });
  return java;
}

async function findAndCheckJava(signal: AbortSignal): Promise<string> {
  const requirement = `Kafka and DynamoDB need Java ${MIN_JAVA_VERSION} or newer`;
  const home = process.env['JAVA_HOME'];
  const file = (home && findExecutable('java', join(home, 'bin'))) || findExecutable('java');
  if (file === undefined) throw new Error(`${requirement}, but there is no java on the PATH: ${INSTALL_HINT}.`);
  const output = await runProgram({ file, args: ['-version'] }, { signal });
  // Before Java 9 the version of Java 8 was written "1.8".
  const version = /version "(?:1\.)?(\d+)/.exec(output)?.[1];
  if (Number(version) >= MIN_JAVA_VERSION) return file;
  throw new Error(`${requirement}, but ${file} is version ${version ?? 'unknown'}: ${INSTALL_HINT}.`);
}

/** @throws when Maven is missing, with how to install it. */
export function findMaven(): string {
  const maven = findExecutable('mvn');
  if (maven !== undefined) return maven;
  throw new Error(`Maven downloads Kafka and DynamoDB, but there is no mvn on the PATH: ${INSTALL_HINT}.`);
}
