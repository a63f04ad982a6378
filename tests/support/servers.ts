import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
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

/** @returns the name of a new topic that starts with `prefix`; its partitions have their leader. */
export async function createTopic(prefix: string, partitions: number): Promise<string> {
  const topic = uniqueName(prefix);
  const { brokers } = endpoints().kafka;
  const admin = new Kafka({ clientId: 'test-topics', brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true });
  } finally {
    await admin.disconnect();
  }
  return topic;
}

/** A name that no other test uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}
