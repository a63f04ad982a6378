import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { pomFiles } from '../../../localstack/stack/servers/pom-files.ts';
import { findJava, SMALL_JVM } from '../../../localstack/stack/tools/java.ts';
import { resolveJars } from '../../../localstack/stack/tools/maven-jars.ts';

/** A tool whose record is not there would wait for ever. */
const LIMIT_MS = 120_000;
const POM = join(import.meta.dirname, 'pom.xml');

/** Starts one of the tools that come with Kafka, as its shell scripts do. It is killed after two minutes. */
export async function runKafkaTool(
  mainClass: string,
  args: readonly string[],
): Promise<ChildProcessWithoutNullStreams> {
  const context = { signal: new AbortController().signal, onNotice: () => {} };
  const [java, ...directories] = await Promise.all([
    findJava(context.signal),
    resolveJars('kafka-tools', POM, context),
    resolveJars('kafka', pomFiles.kafka, context),
  ]);
  const classPath = directories.map((directory) => join(directory, '*')).join(delimiter);
  return spawn(java, [...SMALL_JVM, '-cp', classPath, mainClass, ...args], { timeout: LIMIT_MS });
}
