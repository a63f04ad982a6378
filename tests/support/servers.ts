import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';

/** How the running servers are handed to the processes that run the tests. */
export const endpointsVariable = 'TEST_STACK_ENDPOINTS';
export const runningStackKey = '__runningTestStack';

export interface RunningTestStack {
  readonly directory: string;
  stop(): Promise<void>;
}

/** The servers that all integration tests share; buckets, tables, topics and databases are each test's own. */
export function endpoints(): StackEndpoints {
  const text = process.env[endpointsVariable];
  if (text === undefined)
    throw new Error(`${endpointsVariable} is not set: is this test in the project "integration"?`);
  return JSON.parse(text) as StackEndpoints;
}

/** @returns the URL of a new, empty database on one of the two servers. It stays, for a look after a failure. */
export async function createDatabase(which: 'source' | 'target'): Promise<string> {
  const { sourceDatabaseUrl, targetDatabaseUrl } = endpoints();
  const url = new URL(which === 'source' ? sourceDatabaseUrl : targetDatabaseUrl);
  const name = uniqueName('test').replaceAll('-', '_');
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  url.pathname = name;
  return url.href;
}

/** @returns the name of a new topic that starts with `prefix`; the settings hold for it from its first record on. */
export async function createTopic(
  prefix: string,
  partitions: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const topic = uniqueName(prefix);
  const { brokers } = endpoints().kafka;
  const kafka = new Kafka({ clientId: 'test-topics', brokers, connectionTimeout: 10_000, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await makeTopic(admin, topic, partitions, settings);
  } finally {
    await admin.disconnect();
  }
  return topic;
}

/**
 * Makes a topic; resolves when every partition can be read. The controller answers before the broker knows of the topic,
 * and the `waitForLeaders` of kafkajs gives up on a broker that is behind.
 */
export async function makeTopic(
  admin: Admin,
  topic: string,
  partitions: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, configEntries }],
    timeout: 30_000,
    waitForLeaders: false,
  });
  await untilServed(admin, topic, partitions);
}

/** Resolves when every partition can be read, whoever makes the topic. */
export async function untilServed(admin: Admin, topic: string, partitions: number, limitMs = 60_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    let cause: unknown;
    try {
      if ((await admin.fetchTopicOffsets(topic)).length === partitions) return;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`expected ${partitions} partitions of ${topic} to be served within ${limitMs} ms`, { cause });
    }
    await delay(50);
  }
}

/** A name that no other test uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}
