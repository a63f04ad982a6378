import avro from 'avsc';
import { createAvroDecoder } from '../../../../../localstack/event-sources/kafka/schema/avro-decoder.ts';

type Schema = Parameters<typeof avro.Type.forSchema>[0];

async function decoded(schema: Schema, bytes: Buffer): Promise<string> {
  const decode = await createAvroDecoder({ format: 'AVRO', text: JSON.stringify(schema), references: [] });
  return decode(bytes).toString();
}

const record = (name: string, ...fields: { name: string; type: Schema }[]): Schema => ({
  type: 'record',
  name,
  fields,
});

test.each<[string, Schema, unknown, string]>([
  ['text of any language', 'string', 'Zoë "✓"', '"Zoë \\"✓\\""'],
  [
    'numbers',
    record('N', { name: 'd', type: 'double' }, { name: 'i', type: 'int' }),
    { d: 0.5, i: -1 },
    '{"d":0.5,"i":-1}',
  ],
  ['a number that JSON does not have', 'double', Number.NaN, '"NaN"'],
  [
    'bytes within a record',
    record('B', { name: 'b', type: 'bytes' }),
    { b: Buffer.from([0, 233]) },
    '{"b":"\\u0000é"}',
  ],
  ['lists and maps', { type: 'map', values: { type: 'array', items: 'int' } }, { a: [1, 2] }, '{"a":[1,2]}'],
  ['a value of a union, without the name of its branch', ['null', 'string'], 'x', '"x"'],
  ['nothing of a union', ['null', 'string'], null, 'null'],
])('[inferred] Avro as JSON: %s', async (_name, schema, value, json) => {
  expect(await decoded(schema, avro.Type.forSchema(schema).toBuffer(value))).toBe(json);
});

test('[inferred] a union of two records has no name of its branch either', async () => {
  const union = [record('A', { name: 'a', type: 'int' }), record('B', { name: 'b', type: 'int' })] as Schema;
  expect(await decoded(union, avro.Type.forSchema(union).toBuffer({ B: { b: 2 } }))).toBe('{"b":2}');
});

test('a 64-bit number keeps all of its digits', async () => {
  // The greatest one in Avro's encoding, which JavaScript's numbers cannot hold.
  const bytes = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
  expect(await decoded('long', bytes)).toBe('9223372036854775807');
});

test('[known] bytes alone have no length in front, as Confluent serializes them', async () => {
  expect(await decoded('bytes', Buffer.from('ab'))).toBe('"ab"');
});

test('a schema that cannot be read is not the fault of the record', async () => {
  await expect(decoded({ type: 'nonsense' } as unknown as Schema, Buffer.of(0))).rejects.toThrow(
    'its Avro schema is not understood: ',
  );
});
