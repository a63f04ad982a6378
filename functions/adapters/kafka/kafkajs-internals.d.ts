/** The parts of kafkajs 2.2.4 behind its public face that `fast-produce.ts` touches. */
declare module 'kafkajs/src/protocol/requests/produce/index.js' {
  import type { Message } from 'kafkajs';

  export interface ProduceOptions {
    acks: number;
    timeout: number;
    compression?: number;
    transactionalId?: string | null;
    /** A 64-bit number of any of kafkajs' kinds. */
    producerId?: { toString(): string };
    producerEpoch?: number;
    topicData: {
      topic: string;
      partitions: { partition: number; firstSequence?: number; messages: Message[] }[];
    }[];
  }

  /** As much of kafkajs' own Encoder as whoever receives an encoded request reads. */
  export interface Encoded {
    readonly buf: Buffer;
    readonly buffer: Buffer;
  }

  type MakeRequest = (options: ProduceOptions) => { request: { encode(): Promise<Encoded> }; response: unknown };

  const produce: { protocol(key: { version: number }): MakeRequest };
  export default produce;
}

declare module 'kafkajs/src/protocol/recordBatch/crc32C/index.js' {
  export default function crc32C(bytes: Uint8Array): number;
}
