import { randomBytes } from 'node:crypto';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { eventually } from './eventually.ts';

/** Passes the addresses of the servers from Jest's global setup to the processes that run the tests. */
export const endpointsVariable = 'TEST_STACK_ENDPOINTS';
export const runningStackKey = '__runningTestStack';

export interface RunningTestStack {
  readonly directory: string;
  stop(): Promise<void>;
}

/** The servers, which all integration tests share. Each test has its own buckets, tables, topics and databases. */
export function endpoints(): StackEndpoints {
  const text = process.env[endpointsVariable];
  if (text === undefined)
    throw new Error(`${endpointsVariable} is not set: expected this test in the Jest project "integration".`);
  return JSON.parse(text) as StackEndpoints;
}

export type DatabaseSide = 'source' | 'target';

/**
 * @param options.template the database of which the new one is a copy; by default it is empty.
 * @returns the URL of a new database on one of the two servers. It is kept, to be inspected after a failure.
 */
export async function createDatabase(
  side: DatabaseSide,
  options: { readonly name?: string; readonly template?: string } = {},
): Promise<string> {
  const { sourceDatabaseUrl, targetDatabaseUrl } = endpoints();
  const url = new URL(side === 'source' ? sourceDatabaseUrl : targetDatabaseUrl);
  const { name = uniqueName('test').replaceAll('-', '_'), template = 'template1' } = options;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(`create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(template)}`);
  } finally {
    await client.end();
  }
  url.pathname = name;
  return url.href;
}

/** @returns the name of a new topic, which starts with `prefix`. Its settings apply from the first record on. */
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
 * Creates a topic. Resolves when every partition can be read: the controller responds before the broker knows the topic,
 * and `waitForLeaders` of kafkajs fails when the broker is behind.
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

/** Resolves when every partition can be read. */
export async function untilServed(admin: Admin, topic: string, partitions: number, limitMs = 60_000): Promise<void> {
  await eventually(async () => (await admin.fetchTopicOffsets(topic)).length === partitions, {
    what: `${partitions} readable partitions of ${topic}`,
    withinMs: limitMs,
    everyMs: 50,
  });
}

/** A name that no other test uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}
