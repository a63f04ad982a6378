import type { TopicPartition } from './group-member.ts';

/** What a member sends when it joins, of any version of Java's ConsumerProtocolSubscription. */
export interface Subscription {
  readonly topics: readonly string[];
  readonly userData: Buffer;
  /** From version 1. Empty where the member has revoked all partitions before it joined. */
  readonly owned: readonly TopicPartition[];
  /** From version 2. The generation in which it owned them. */
  readonly generation?: number;
}

export interface PreviousPartitions {
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
}

const UNKNOWN_GENERATION = -1;

/** A version that is not known yet is read as the latest one that is, because later versions only append fields. */
export function readSubscription(bytes: Buffer): Subscription {
  const reader = new Reader(bytes);
  const version = reader.int16();
  const topics = reader.list(() => reader.string());
  const userData = reader.bytes();
  const owned = version >= 1 ? readPartitions(reader) : [];
  return { topics, userData, owned, ...(version >= 2 && { generation: reader.int32() }) };
}

/** What a member of the protocol `cooperative-sticky` owns. Before version 2 the generation is in the user data. */
export function cooperativePartitions({ owned, generation, userData }: Subscription): PreviousPartitions {
  if (generation !== undefined) return { owned, generation };
  return { owned, generation: userData.length >= 4 ? userData.readInt32BE(0) : UNKNOWN_GENERATION };
}

/** What a member of the protocol `sticky` owned: it has revoked everything, so it is in the user data. */
export function stickyPartitions({ userData }: Subscription): PreviousPartitions {
  try {
    const reader = new Reader(userData);
    const owned = readPartitions(reader);
    return { owned, generation: reader.left >= 4 ? reader.int32() : UNKNOWN_GENERATION };
  } catch {
    // A new member has no user data, and another client may use it for something else. Java ignores both too.
    return { owned: [], generation: UNKNOWN_GENERATION };
  }
}

function readPartitions(reader: Reader): TopicPartition[] {
  return reader
    .list(() => ({ topic: reader.string(), partitions: reader.list(() => reader.int32()) }))
    .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}

/** Reads the primitive types of Kafka's protocol. Throws at the end of the buffer. */
class Reader {
  readonly #buffer: Buffer;
  #offset = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get left(): number {
    return this.#buffer.length - this.#offset;
  }

  int16(): number {
    this.#offset += 2;
    return this.#buffer.readInt16BE(this.#offset - 2);
  }

  int32(): number {
    this.#offset += 4;
    return this.#buffer.readInt32BE(this.#offset - 4);
  }

  string(): string {
    return this.#take(this.int16()).toString();
  }

  /** Empty for null. */
  bytes(): Buffer {
    return this.#take(Math.max(0, this.int32()));
  }

  list<Item>(readItem: () => Item): Item[] {
    const count = this.int32();
    const items: Item[] = [];
    for (let index = 0; index < count; index++) items.push(readItem());
    return items;
  }

  #take(length: number): Buffer {
    if (length > this.left) throw new RangeError(`expected ${length} bytes, found ${this.left}`);
    this.#offset += length;
    return this.#buffer.subarray(this.#offset - length, this.#offset);
  }
}
