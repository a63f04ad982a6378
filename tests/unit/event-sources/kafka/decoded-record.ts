import type { KafkaMessage } from 'kafkajs';

interface Encoder {
  readonly buffer: Buffer;
  writeInt8(value: number): this;
  writeVarInt(value: number): this;
  writeVarLong(value: number): this;
  writeVarIntBytes(value: Buffer | null): this;
  writeVarIntString(value: string): this;
}

export type Header = readonly [name: string, value: Buffer | null];

/**
 * A record that kafkajs decoded from its wire format. It is encoded here because kafkajs' producer cannot write a repeated
 * header with another one between. kafkajs is loaded by each call, so that a test decides which copy is used.
 */
export function decodedRecord(
  headers: readonly Header[],
  key: Buffer | null = null,
  value: Buffer | null = null,
): KafkaMessage {
  // kafkajs has no types for its internals.
  const KafkajsEncoder = require('kafkajs/src/protocol/encoder') as new () => Encoder;
  const KafkajsDecoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
  const decode = require('kafkajs/src/protocol/recordBatch/record/v0/decoder') as (
    decoder: object,
    batch: object,
  ) => KafkaMessage;
  const bytes = new KafkajsEncoder()
    .writeInt8(0)
    .writeVarLong(5)
    .writeVarInt(2)
    .writeVarIntBytes(key)
    .writeVarIntBytes(value)
    .writeVarInt(headers.length);
  for (const [name, content] of headers) bytes.writeVarIntString(name).writeVarIntBytes(content);
  const batch = { firstOffset: '40', firstTimestamp: '1000', magicByte: 2, timestampType: 0, maxTimestamp: '1005' };
  return decode(new KafkajsDecoder(bytes.buffer), batch);
}
