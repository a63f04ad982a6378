import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { kafka } from './kafka-client.ts';
import type { MappingRun } from './mapping-run.ts';
import type { KafkaEvent } from './recording-function.ts';

/** The function threw. */
export const failed = { functionError: 'Unhandled', body: '{"errorMessage":"no"}' };
export const queue = 'arn:aws:sqs:eu-central-1:123456789012:failures';
export const onFailure = (destination: string) => ({ DestinationConfig: { OnFailure: { Destination: destination } } });
/** Messages for partition 0. */
export const messages = (...texts: string[]) => texts.map((value) => ({ value, partition: 0 }));
const offsetsOf = (event: KafkaEvent | undefined) =>
  Object.values(event?.records ?? {}).flatMap((records) => records.map(({ offset }) => offset));
export const valuesOf = (event: KafkaEvent) =>
  Object.values(event.records).flatMap((records) =>
    records.map(({ value }) => Buffer.from(value ?? '', 'base64').toString()),
  );
export const invokedOffsets = (run: MappingRun) => run.fn.invocations.map(({ event }) => offsetsOf(event));

/** The files that were written instead of a call to SQS, SNS or S3. */
export async function failureFiles(
  run: MappingRun,
  service: string,
): Promise<{ path: string; document: Record<string, never> }[]> {
  const directory = join(run.directory, 'destinations', service);
  const files = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return Promise.all(
    files
      .filter((file) => file.isFile() && !file.name.endsWith('.part'))
      .map(async ({ parentPath, name }) => ({
        path: join(parentPath, name).slice(directory.length + 1),
        document: JSON.parse(await readFile(join(parentPath, name), 'utf8')) as Record<string, never>,
      })),
  );
}

/** The messages of a topic of failure records, at least `count`. */
export async function readFailureRecords(topic: string, count: number) {
  const consumer = kafka().consumer({ groupId: `reader-${topic}`, maxWaitTimeInMs: 100 });
  const found: { key: string | null; document: Record<string, unknown>; headers: object }[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      found.push({
        key: message.key?.toString() ?? null,
        document: JSON.parse(message.value?.toString() ?? '') as Record<string, unknown>,
        headers: message.headers ?? {},
      });
    },
  });
  await eventually(() => found.length >= count);
  await consumer.disconnect();
  return found;
}
