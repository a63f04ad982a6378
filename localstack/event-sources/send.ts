#!/usr/bin/env node
import { parseArgs } from 'node:util';
import kafkajs, { type Kafka } from 'kafkajs';
import { stopIdleTimers } from './kafka/consumer/patched-kafkajs.ts';
import { reasonOf } from './logger.ts';
import { readOptions } from './options.ts';

const usage = `Usage: event-sources-send --topic TOPIC [--brokers HOST:PORT,...] [--key KEY] [VALUE...]

Creates a Kafka topic if it does not exist, and sends a record for each VALUE to it, for a first try.

  --topic TOPIC      required
  --brokers LIST     default 127.0.0.1:9092
  --key KEY          of each record; without one the records have none
  --partitions N     of a topic that is created; default 1
`;

const commandLine = {
  topic: { type: 'string' },
  brokers: { type: 'string', default: '127.0.0.1:9092' },
  key: { type: 'string' },
  partitions: { type: 'string', default: '1' },
  help: { type: 'boolean', short: 'h' },
} as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: commandLine, allowPositionals: true });
  if (values.help === true) {
    process.stdout.write(usage);
    return;
  }
  const { topic, key = null, brokers } = values;
  const numPartitions = Number(values.partitions);
  if (topic === undefined) {
    throw new Error(`expected --topic: add it\n\n${usage}`);
  }
  if (!Number.isInteger(numPartitions) || numPartitions < 1) {
    throw new Error(`--partitions: expected a whole number from 1, got ${values.partitions}`);
  }
  const { brokers: addresses = [] } = readOptions({ brokers: brokers.split(',') }, () => '--brokers');
  stopIdleTimers();
  const kafka = new kafkajs.Kafka({
    brokers: addresses,
    clientId: 'event-sources-send',
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 3, initialRetryTime: 200 },
  });
  try {
    await createTopic(kafka, topic, numPartitions);
    if (positionals.length > 0) await send(kafka, topic, key, positionals);
  } catch (cause) {
    throw new Error(`the brokers ${brokers} did not take the records: start them, or name others with --brokers`, {
      cause,
    });
  }
  process.stdout.write(`${resultOf(topic, positionals.length)}\n`);
}

function resultOf(topic: string, recordCount: number): string {
  if (recordCount === 0) return `topic ${topic} is there; no value was given, so no record was sent`;
  return `sent ${recordCount === 1 ? 'a record' : `${recordCount} records`} to ${topic}`;
}

async function createTopic(kafka: Kafka, topic: string, numPartitions: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    if (!(await admin.listTopics()).includes(topic)) await admin.createTopics({ topics: [{ topic, numPartitions }] });
  } finally {
    await admin.disconnect();
  }
}

async function send(kafka: Kafka, topic: string, key: string | null, values: readonly string[]): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: values.map((value) => ({ key, value })) });
  } finally {
    await producer.disconnect();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exit(1);
});
