import { FunctionMetrics } from '../../../../localstack/event-sources/metrics/function-metrics.ts';
import { MappingMetrics } from '../../../../localstack/event-sources/metrics/mapping-metrics.ts';
import { MetricsServer } from '../../../../localstack/event-sources/metrics/metrics-server.ts';

const mapping = Object.assign(new MappingMetrics(), { PolledEventCount: 12, MaxOffsetLag: 3 });
const snapshot = {
  mappings: { Changes: mapping, Salaries: new MappingMetrics() },
  asynchronous: { queued: 2 },
  standstills: [{ what: 'topic x', reason: 'is missing', forSeconds: 11 }],
};

const functions = new FunctionMetrics();
const server = new MetricsServer(() => snapshot, functions);
let port: number;
beforeAll(async () => {
  port = await server.listen(0);
});
afterAll(() => server.close());

const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method });

test('serves the metrics of functions and event sources for Prometheus, under one address', async () => {
  const line = { Namespace: 'Ours', Dimensions: [['service']], Metrics: [{ Name: 'RowsSent', Unit: 'Count' }] };
  functions.record(JSON.stringify({ _aws: { CloudWatchMetrics: [line] }, service: 's', RowsSent: 5 }));
  const response = await get('/metrics');
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  for (const sample of [
    'ours_rows_sent_total{service="s"} 5',
    'event_source_mapping_polled_events_total{mapping="Changes"} 12',
    'event_source_mapping_polled_events_total{mapping="Salaries"} 0',
    'event_source_mapping_max_offset_lag{mapping="Changes"} 3',
    'event_sources_queued 2',
    'event_sources_standstills 1',
  ]) {
    expect(text.split('\n')).toContain(sample);
  }
  expect(text).toContain('# TYPE event_source_mapping_max_offset_lag gauge');
});

test('serves the metrics of the event sources as JSON, with the reasons of what stands still', async () => {
  expect(await (await get('/metrics.json')).json()).toEqual(JSON.parse(JSON.stringify(snapshot)));
});

test('answers anything else with where the metrics are', async () => {
  for (const response of [await get('/'), await get('/metrics', 'POST')]) {
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('GET /metrics');
  }
});
