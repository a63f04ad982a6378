import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import avro from 'avsc';
import { produce } from '../../../support/event-sources/kafka-client.ts';
import { clusterArn, provisioned, withMapping } from '../../../support/event-sources/mapping-run.ts';
import { framed, SchemaRegistryServer } from '../../../support/event-sources/schema-registry-server.ts';
import { eventually } from '../../../support/eventually.ts';

const order = avro.Type.forSchema({
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'paid', type: 'boolean' },
  ],
});

let registry: SchemaRegistryServer;
let url: string;
beforeEach(async () => {
  registry = new SchemaRegistryServer();
  url = await registry.start();
  registry.registerId(5, { schema: JSON.stringify(order) });
});
afterEach(() => registry.stop());

function properties(format: 'JSON' | 'SOURCE', further: object = {}) {
  return {
    EventSourceArn: clusterArn,
    ...provisioned,
    AmazonManagedKafkaEventSourceConfig: {
      SchemaRegistryConfig: {
        SchemaRegistryURI: url,
        EventRecordFormat: format,
        SchemaValidationConfigs: [{ Attribute: 'VALUE' }],
      },
    },
    ...further,
  };
}

test('[documented] Avro records arrive as JSON with their schema, filtered by it; what does not fit goes to the destination', () =>
  withMapping(
    {
      properties: properties('JSON', {
        DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:eu-central-1:123456789012:failed' } },
        FilterCriteria: { Filters: [{ Pattern: '{"value":{"paid":[true]}}' }] },
      }),
    },
    async (run) => {
      await produce(run.topic, [
        { key: 'k', value: framed(5, order.toBuffer({ id: 1, paid: true })) },
        { value: framed(5, order.toBuffer({ id: 2, paid: false })) },
        { value: 'without a schema' },
        { value: framed(6, order.toBuffer({ id: 4, paid: true })) },
        { value: framed(5, order.toBuffer({ id: 5, paid: true })) },
      ]);
      await run.start();
      await eventually(() => run.metrics.CommittedEventCount === 5);
      const records = run.fn.invocations.flatMap(({ event }) => Object.values(event.records).flat());
      expect(records).toEqual([
        expect.objectContaining({
          offset: 0,
          key: Buffer.from('k').toString('base64'),
          value: Buffer.from('{"id":1,"paid":true}').toString('base64'),
          valueSchemaMetadata: { dataFormat: 'AVRO', schemaId: '5' },
        }),
        expect.objectContaining({ offset: 4 }),
      ]);
      expect(records[0]).not.toHaveProperty('keySchemaMetadata');
      expect(run.metrics).toMatchObject({
        PolledEventCount: 5,
        FilteredOutEventCount: 1,
        OnFailureDestinationDeliveredEventCount: 2,
        DroppedEventCount: 0,
      });
      const folder = join(run.directory, 'destinations', 'sqs', 'failed');
      const files = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')));
      const failures = files.map((text) => JSON.parse(text) as { requestContext: object; KafkaBatchInfo: object });
      expect(failures.map(({ requestContext }) => requestContext).sort(byCondition)).toEqual([
        expect.objectContaining({ condition: 'DESERIALIZATION_ERROR', approximateInvokeCount: 0 }),
        expect.objectContaining({ condition: 'SCHEMA_NOT_FOUND', approximateInvokeCount: 0 }),
      ]);
    },
  ));

test('[inferred] a registry that is away holds the records up, and loses none; without a destination bad ones are dropped', () =>
  withMapping({ properties: properties('SOURCE') }, async (run) => {
    registry.status = 503;
    const bytes = order.toBuffer({ id: 7, paid: true });
    await produce(run.topic, [{ value: 'bad' }, { value: framed(5, bytes) }]);
    await run.start();
    await eventually(() => run.metrics.SchemaRegistryErrorCount > 0);
    expect(run.fn.invocations).toHaveLength(0);
    registry.status = undefined;
    await eventually(() => run.metrics.CommittedEventCount === 2);
    const records = run.fn.invocations.flatMap(({ event }) => Object.values(event.records).flat());
    expect(records).toEqual([expect.objectContaining({ offset: 1, value: bytes.toString('base64') })]);
    expect(run.metrics).toMatchObject({ DroppedEventCount: 1, PollingErrorCount: 0 });
  }));

function byCondition(a: { condition?: string }, b: { condition?: string }): number {
  return String(a.condition).localeCompare(String(b.condition));
}
