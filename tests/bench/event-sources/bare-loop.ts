/** Does no more than necessary: polls with kafkajs, encodes the same event, posts it, commits. No retries, no limits. */
import http from 'node:http';
import type { KafkaMessage } from 'kafkajs';
import { BATCH_SIZE, CONCURRENT_INVOCATIONS, readTask, Stopwatch } from './loop-task.ts';
import { createKafka } from './records.ts';

const task = readTask();
const stopwatch = new Stopwatch(task.records);
const agent = new http.Agent({ keepAlive: true });
const url = `${task.lambda}/2015-03-31/functions/bench-local-noop/invocations`;

function post(body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': Buffer.byteLength(body) };
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    request.on('error', reject);
    request.end(body);
  });
}

function encode(partition: number, messages: readonly KafkaMessage[]): string {
  return JSON.stringify({
    eventSource: 'aws:kafka',
    eventSourceArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/bench/1',
    bootstrapServers: task.brokers.join(','),
    records: {
      [`${task.topic}-${partition}`]: messages.map((message) => ({
        topic: task.topic,
        partition,
        offset: Number(message.offset),
        timestamp: Number(message.timestamp),
        timestampType: 'CREATE_TIME',
        ...(message.key !== null && { key: message.key.toString('base64') }),
        ...(message.value !== null && { value: message.value.toString('base64') }),
        headers: [],
      })),
    },
  });
}

const consumer = createKafka(task.brokers).consumer({
  groupId: task.group,
  minBytes: 1,
  maxWaitTimeInMs: 100,
});
await consumer.connect();
await consumer.subscribe({ topics: [task.topic], fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: true,
  partitionsConsumedConcurrently: CONCURRENT_INVOCATIONS,
  eachBatch: async ({ batch }) => {
    for (let start = 0; start < batch.messages.length; start += BATCH_SIZE) {
      const messages = batch.messages.slice(start, start + BATCH_SIZE);
      const body = encode(batch.partition, messages);
      stopwatch.begin();
      await post(body);
      const last = messages.at(-1)?.offset ?? '0';
      await consumer.commitOffsets([
        { topic: task.topic, partition: batch.partition, offset: String(BigInt(last) + 1n) },
      ]);
      stopwatch.recordFinished(messages.length);
    }
  },
});
const result = await stopwatch.finished;
await consumer.disconnect();
agent.destroy();
process.stdout.write(`${JSON.stringify(result)}\n`);
