import { jsonText } from './json-text.ts';
import { type Decoder, importPackage, type RegisteredSchema, UnusableSchemaError } from './registered-schema.ts';

/** Of 64-bit numbers, which avsc otherwise refuses beyond 2^53. */
const bigintMethods = {
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
};

/** A decoder of Avro's binary encoding to JSON. Logical types keep the value of the type that they are based on. */
export async function createAvroDecoder({ text, references }: RegisteredSchema): Promise<Decoder> {
  const { default: avro } = await importPackage('avsc', () => import('avsc'));
  const registry = { long: avro.types.LongType.__with(bigintMethods) };
  const options = { registry, omitRecordMethods: true };
  try {
    // Each adds its named types to the registry.
    for (const reference of references) avro.Type.forSchema(JSON.parse(reference.text), { ...options });
    const type = avro.Type.forSchema(JSON.parse(text), { ...options });
    // Confluent's serializers write bytes as they are, without their length.
    if (type.typeName === 'bytes') return (payload) => Buffer.from(jsonText(payload));
    return (payload) => Buffer.from(jsonText(type.fromBuffer(payload)));
  } catch (cause) {
    throw new UnusableSchemaError(`its Avro schema is not understood: ${(cause as Error).message}`, { cause });
  }
}
