import { Counter, Gauge, Registry } from 'prom-client';
import { snakeCase } from './metric-name.ts';
import type { MetricsSnapshot } from './metrics-snapshot.ts';

/** The metrics of the event sources in Prometheus' text format; those of a mapping have it as a label. */
export function mappingText({ mappings, asynchronous, standstills }: MetricsSnapshot): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  const names = new Set(Object.values(mappings).flatMap((metrics) => Object.keys(metrics)));
  for (const name of names) {
    const options = { help: `${name} of Lambda's event source mappings`, labelNames: ['mapping'], registers };
    const snake = `event_source_mapping_${snakeCase(name)}`;
    const metric = name.endsWith('Count')
      ? new Counter({ ...options, name: snake.replace(/_count$/, 's_total') })
      : new Gauge({ ...options, name: snake });
    for (const [mapping, metrics] of Object.entries(mappings))
      metric.inc({ mapping }, metrics[name as keyof typeof metrics]);
  }
  new Gauge({ name: 'event_sources_queued', help: 'Asynchronous invocations that wait', registers }).set(
    asynchronous.queued,
  );
  new Gauge({ name: 'event_sources_standstills', help: 'Event sources that wait for what is missing', registers }).set(
    standstills.length,
  );
  return registry.metrics();
}
