import avro from 'avsc';
import type { KafkaMessage } from 'kafkajs';
import { systemClock } from '../../../../../localstack/event-sources/clock.ts';
import { SchemaLoader } from '../../../../../localstack/event-sources/kafka/schema/schema-loader.ts';
import type { SchemaRegistry } from '../../../../../localstack/event-sources/model/schema-registry.ts';
import { framed, SchemaRegistryServer } from '../../../../support/event-sources/schema-registry-server.ts';
import { eventually } from '../../../../support/eventually.ts';
import { RecordedStandstills } from '../../recorded-standstills.ts';
import { kafkaMapping, silentLog } from '../fixtures.ts';

const order = avro.Type.forSchema({
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'note', type: ['null', 'string'] },
  ],
});
const orderBytes = (id: number, note: string | null = null) => order.toBuffer({ id, note });

const server = new SchemaRegistryServer();
let url: string;
beforeAll(async () => {
  url = await server.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  server.requests.length = 0;
  server.credentials = undefined;
  server.status = undefined;
});

const forever = new AbortController().signal;

function message(fields: { key?: Buffer | null; value: Buffer | null }): KafkaMessage {
  return { offset: '0', timestamp: '0', attributes: 0, headers: {}, key: null, ...fields };
}

function loader(registry: Partial<SchemaRegistry> = {}) {
  const standstills = new RecordedStandstills();
  const metrics = { SchemaRegistryErrorCount: 0 };
  const schemas = new SchemaLoader(
    { url, eventRecordFormat: 'JSON', validates: ['value'], ...registry },
    {
      mapping: kafkaMapping(),
      metrics,
      clock: systemClock,
      standstills,
      log: silentLog,
      options: { outageBackoff: { maxMs: 10 } },
    },
  );
  const validate = async (...messages: KafkaMessage[]) => {
    await schemas.load(messages, forever);
    return messages.map((each) => schemas.validate(each));
  };
  return { schemas, standstills, metrics, validate };
}

test('[documented] JSON: an Avro value is delivered as JSON, with format and id of its schema', async () => {
  server.registerId(7, { schema: JSON.stringify(order) });
  const { validate } = loader();
  const [validated] = await validate(message({ value: framed(7, orderBytes(3, 'a')) }));
  expect(JSON.parse(String(validated?.message.value))).toEqual({ id: 3, note: 'a' });
  expect(validated?.metadata).toBe(',"valueSchemaMetadata":{"dataFormat":"AVRO","schemaId":"7"}');
  expect(validated).not.toHaveProperty('failure');
});

test('[documented] SOURCE: the bytes are delivered without the id of the schema; filters see the JSON', async () => {
  server.registerId(7, { schema: JSON.stringify(order) });
  const { validate } = loader({ eventRecordFormat: 'SOURCE' });
  const [validated] = await validate(message({ value: framed(7, orderBytes(3)) }));
  expect(validated?.message.value).toEqual(orderBytes(3));
  expect(JSON.parse(String(validated?.filteredValue))).toEqual({ id: 3, note: null });
});

test('[documented] only the selected attributes are validated; [inferred] an absent one has no metadata', async () => {
  server.registerId(8, { schema: '"string"' });
  const key = framed(8, avro.Type.forSchema('string').toBuffer('k'));
  const [onlyKey] = await loader({ validates: ['key'] }).validate(message({ key, value: Buffer.from('plain') }));
  expect([String(onlyKey?.message.key), String(onlyKey?.message.value)]).toEqual(['"k"', 'plain']);
  expect(onlyKey?.metadata).toBe(',"keySchemaMetadata":{"dataFormat":"AVRO","schemaId":"8"}');
  const [tombstone] = await loader({ validates: ['key', 'value'] }).validate(message({ key, value: null }));
  expect(tombstone?.message.value).toBeNull();
  expect(tombstone?.metadata).not.toContain('value');
});

test.each<[string, () => Buffer]>([
  ['bytes that a registry-aware producer did not write', () => Buffer.from('{"id":1}')],
  ['bytes that do not fit the schema', () => framed(7, Buffer.from([2]))],
  ['bytes that are left over', () => framed(7, Buffer.concat([orderBytes(1), Buffer.from([0])]))],
  ['JSON that does not fit the schema', () => framed(9, '{"id":"one"}')],
  ['text that is not JSON', () => framed(9, '{')],
])('[documented] DESERIALIZATION_ERROR for %s, which keep their bytes', async (_name, value) => {
  server.registerId(7, { schema: JSON.stringify(order) });
  server.registerId(9, { schema: '{"properties":{"id":{"type":"integer"}}}', schemaType: 'JSON' });
  const [validated] = await loader().validate(message({ value: value() }));
  expect(validated).toMatchObject({ failure: 'DESERIALIZATION_ERROR', message: { value: value() }, metadata: '' });
});

test('[documented] SCHEMA_NOT_FOUND for a schema that the registry does not have; [inferred] it is asked again later', async () => {
  const { validate } = loader();
  const unknown = message({ value: framed(404, orderBytes(1)) });
  expect((await validate(unknown))[0]?.failure).toBe('SCHEMA_NOT_FOUND');
  server.registerId(404, { schema: JSON.stringify(order) });
  expect((await validate(unknown))[0]?.failure).toBeUndefined();
});

test('a schema is loaded once, with what it refers to', async () => {
  const address = { type: 'record', name: 'Address', namespace: 'shop', fields: [{ name: 'city', type: 'string' }] };
  const customer = { type: 'record', name: 'Customer', fields: [{ name: 'address', type: 'shop.Address' }] };
  server.registerVersion('shop.Address/v', 2, { schema: JSON.stringify(address) });
  server.registerId(11, {
    schema: JSON.stringify(customer),
    references: [{ name: 'shop.Address', subject: 'shop.Address/v', version: 2 }],
  });
  const { schemas, validate } = loader();
  const value = framed(11, avro.Type.forSchema('string').toBuffer('Ghent'));
  const [first] = await validate(message({ value }), message({ value }));
  expect(String(first?.message.value)).toBe('{"address":{"city":"Ghent"}}');
  expect(schemas.load([message({ value })], forever)).toBeUndefined();
  expect(server.requests).toEqual(['/schemas/ids/11', '/subjects/shop.Address%2Fv/versions/2']);
});

test('JSON schemas refer to others by name, and each draft has its keywords', async () => {
  server.registerVersion('item', 1, { schema: '{"type":"integer"}', schemaType: 'JSON' });
  server.registerId(12, {
    schema: '{"properties":{"id":{"$ref":"item.json"}}}',
    schemaType: 'JSON',
    references: [{ name: 'item.json', subject: 'item', version: 1 }],
  });
  server.registerId(13, {
    schema: '{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[{"type":"string"}]}',
    schemaType: 'JSON',
  });
  const texts = [framed(12, '{"id":1}'), framed(12, '{"id":"x"}'), framed(13, '["a"]'), framed(13, '[1]')];
  const validated = await loader().validate(...texts.map((value) => message({ value })));
  expect(validated.map(({ failure }) => failure)).toEqual([
    undefined,
    'DESERIALIZATION_ERROR',
    undefined,
    'DESERIALIZATION_ERROR',
  ]);
  expect(String(validated[0]?.message.value)).toBe('{"id":1}');
});

describe('what keeps a record waiting, because discarding it would lose it', () => {
  /** Loads a schema until the registry answers; returns what was reported before that. */
  async function waitingFor(registry: Partial<SchemaRegistry>, mend: () => void): Promise<string> {
    const { schemas, standstills, metrics } = loader(registry);
    const loading = schemas.load([message({ value: framed(7, orderBytes(1)) })], forever);
    await eventually(() => metrics.SchemaRegistryErrorCount > 1);
    const [reason = ''] = standstills.current.values();
    mend();
    await loading;
    expect(standstills.current.size).toBe(0);
    return reason;
  }

  beforeEach(() => server.registerId(7, { schema: JSON.stringify(order) }));

  test('[inferred] a registry that does not answer', async () => {
    server.status = 503;
    const reason = await waitingFor({}, () => {
      server.status = undefined;
    });
    expect(reason).toMatch(/does not answer: start it, or set custom.eventSources.schemaRegistry.endpoint: .*503/);
  });

  test('[inferred] credentials that it rejects', async () => {
    server.credentials = 'user:secret';
    const reason = await waitingFor({}, () => {
      server.credentials = undefined;
    });
    expect(reason).toMatch(/rejects the credentials: correct custom.eventSources.schemaRegistry/);
    server.credentials = 'user:secret';
    const { validate } = loader({ credentials: { username: 'user', password: 'secret' } });
    expect((await validate(message({ value: framed(7, orderBytes(1)) })))[0]?.failure).toBeUndefined();
  });

  test('[inferred] an address that is no registry', async () => {
    let isMended = false;
    const { schemas, standstills, metrics } = loader({ url: `${url}/elsewhere` });
    const ending = new AbortController();
    const loading = schemas.load([message({ value: framed(7, orderBytes(1)) })], ending.signal);
    loading?.then(() => {
      isMended = true;
    });
    await eventually(() => metrics.SchemaRegistryErrorCount > 0);
    expect([...standstills.current.values()][0]).toMatch(/does not answer as a schema registry/);
    expect(isMended).toBe(false);
    ending.abort();
    await loading;
  });

  test('[inferred] a format that is not emulated', async () => {
    server.registerId(7, { schema: 'syntax = "proto3";', schemaType: 'PROTOBUF' });
    const reason = await waitingFor({}, () => server.registerId(7, { schema: JSON.stringify(order) }));
    expect(reason).toBe(
      'schema 7: PROTOBUF is not emulated, only AVRO and JSON are: remove SchemaRegistryConfig for local runs (AWS: accepts it)',
    );
  });
});
