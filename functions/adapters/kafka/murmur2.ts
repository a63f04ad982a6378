const MULTIPLIER = 0x5bd1e995;
const SEED = 0x9747b28c;

/** Kafka's hash of a record key (`org.apache.kafka.common.utils.Utils.murmur2`), as a signed 32-bit number. */
export function murmur2(key: Buffer): number {
  const tail = key.length & ~3;
  let hash = SEED ^ key.length;
  for (let index = 0; index < tail; index += 4) {
    let block = Math.imul(key.readInt32LE(index), MULTIPLIER);
    block ^= block >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(block, MULTIPLIER);
  }
  if (tail < key.length) {
    for (let index = key.length - 1; index >= tail; index -= 1) hash ^= key.readUInt8(index) << (8 * (index - tail));
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}
