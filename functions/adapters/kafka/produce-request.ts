import type { Message } from 'kafkajs';
import type { ProduceOptions } from 'kafkajs/src/protocol/requests/produce/index.js';
import { type Bytes, ByteWriter, byteLength, sizeOfVarInt, sizeOfVarLong } from './byte-writer.ts';
import { crc32c } from './crc32c.ts';

const MAGIC = 2;
const TRANSACTIONAL = 16;
/** Everything of a record but key, value and headers takes at most this many bytes. */
const RECORD_OVERHEAD_BYTES = 48;

/**
 * The body of a Produce request of versions 3 to 7 without compression: byte for byte what kafkajs 2.2.4 makes of the
 * same options, at a fraction of its cost: one buffer for the whole request where kafkajs makes several a record.
 */
export function encodeProduceRequest(options: ProduceOptions): Buffer {
  const { acks, timeout, transactionalId = null, topicData } = options;
  const writer = new ByteWriter();
  writer.string(transactionalId);
  writer.reserve(10);
  writer.int16(acks);
  writer.int32(timeout);
  writer.int32(topicData.length);
  for (const { topic, partitions } of topicData) {
    writer.string(topic);
    writer.reserve(4);
    writer.int32(partitions.length);
    for (const { partition, firstSequence = 0, messages } of partitions) {
      writer.reserve(8);
      writer.int32(partition);
      const size = writer.skip(4);
      writeRecordBatch(writer, messages, firstSequence, options);
      writer.setInt32(writer.offset - size - 4, size);
    }
  }
  return writer.bytes;
}

function writeRecordBatch(
  writer: ByteWriter,
  messages: readonly Message[],
  firstSequence: number,
  { transactionalId, producerId = -1, producerEpoch = 0 }: ProduceOptions,
): void {
  const now = Date.now();
  const { first, max } = timestampRange(messages, now);
  writer.reserve(61);
  writer.int64(0n);
  const length = writer.skip(4);
  writer.int32(0);
  writer.int8(MAGIC);
  const sum = writer.skip(4);
  writer.int16(transactionalId ? TRANSACTIONAL : 0);
  writer.int32(messages.length - 1);
  writer.int64(BigInt(first));
  writer.int64(BigInt(max));
  writer.int64(BigInt(producerId.toString()));
  writer.int16(producerEpoch);
  writer.int32(firstSequence);
  writer.int32(messages.length);
  messages.forEach((message, offsetDelta) => {
    writeRecord(writer, message, offsetDelta, Number(message.timestamp || now) - Number(first));
  });
  writer.setInt32(writer.offset - length - 4, length);
  writer.setInt32(crc32c(writer.bytes, sum + 4, writer.offset), sum);
}

/** As kafkajs has it: the order is that of texts, which differs from that of numbers only around the year 2286. */
function timestampRange(messages: readonly Message[], now: number): { first: string | number; max: string | number } {
  const given = messages.map(({ timestamp }) => timestamp).filter((timestamp) => timestamp != null);
  if (given.length === 0) return { first: now, max: now };
  given.sort();
  return { first: given[0] as string, max: given[given.length - 1] as string };
}

function writeRecord(writer: ByteWriter, message: Message, offsetDelta: number, timestampDelta: number): void {
  const keyLength = byteLength(message.key);
  const valueLength = byteLength(message.value);
  const headers = message.headers === undefined ? NO_HEADERS : listHeaders(message.headers);
  let size =
    1 +
    sizeOfVarLong(timestampDelta) +
    sizeOfVarInt(offsetDelta) +
    sizeOfBytes(keyLength) +
    sizeOfBytes(valueLength) +
    sizeOfVarInt(headers.length);
  for (const [name, value] of headers) size += sizeOfBytes(byteLength(name)) + sizeOfBytes(byteLength(value));

  writer.reserve(size + RECORD_OVERHEAD_BYTES);
  writer.varInt(size);
  writer.int8(0);
  writer.varLong(timestampDelta);
  writer.varInt(offsetDelta);
  writer.varBytes(message.key, keyLength);
  writer.varBytes(message.value, valueLength);
  writer.varInt(headers.length);
  for (const [name, value] of headers) {
    writer.varBytes(name, byteLength(name));
    writer.varBytes(value, byteLength(value));
  }
}

function sizeOfBytes(length: number): number {
  return sizeOfVarInt(length) + Math.max(length, 0);
}

const NO_HEADERS: readonly [string, Bytes][] = [];

/** A header with several values is several headers of one name. */
function listHeaders(headers: NonNullable<Message['headers']>): [string, Bytes][] {
  return Object.entries(headers).flatMap(([name, value]): [string, Bytes][] =>
    Array.isArray(value) ? value.map((each) => [name, each]) : [[name, value]],
  );
}
