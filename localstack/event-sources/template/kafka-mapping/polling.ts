import { type FilterCriteria, InvalidPatternError, readFilter } from '../../filter/filter-criteria.ts';
import { Properties } from '../properties.ts';

/** The default for Kafka is 500 ms. With 0, records are sent at once. */
export function readBatchingWindowMs(properties: Properties): number {
  const seconds = properties.integer('MaximumBatchingWindowInSeconds', 0, 300);
  return seconds === undefined ? 500 : seconds * 1_000;
}

/** Undefined: on-demand mode. */
export function readPollers(properties: Properties): { minimum: number; maximum: number } | undefined {
  const config = properties.object('ProvisionedPollerConfig');
  // An empty object turns provisioned mode off in AWS's API.
  if (config === undefined || config.names.length === 0) return undefined;
  config.only('MinimumPollers', 'MaximumPollers', 'PollerGroupName');
  const minimum = config.integer('MinimumPollers', 1, 200) ?? 1;
  const maximum = config.integer('MaximumPollers', 1, 2_000) ?? 200;
  // Only validated: a poller group shares the costs of mappings in a VPC, and does not change how they poll.
  config.text('PollerGroupName', { maximumLength: 128, pattern: /^[a-zA-Z0-9\-_]*$/ });
  if (maximum < minimum) {
    config.fail('MaximumPollers', `must be at least MinimumPollers (${minimum}), got ${maximum}`);
  }
  return { minimum, maximum };
}

export function readFilters(properties: Properties, maximumFilters: number): FilterCriteria | undefined {
  const criteria = properties.object('FilterCriteria');
  criteria?.only('Filters');
  const filters = criteria?.list('Filters') ?? [];
  if (criteria === undefined || filters.length === 0) return undefined;
  if (filters.length > maximumFilters) {
    criteria.fail('Filters', `must hold at most ${maximumFilters}, holds ${filters.length}`);
  }
  return {
    filters: filters.map((filter, index) => {
      const item = new Properties(properties.resource, filter, `FilterCriteria.Filters[${index}]`);
      item.only('Pattern');
      const pattern = item.text('Pattern', { maximumLength: 4_096 }) ?? item.fail('Pattern', 'is required');
      try {
        return readFilter(pattern);
      } catch (error) {
        if (!(error instanceof InvalidPatternError)) throw error;
        return item.fail('Pattern', `Invalid filter pattern definition: ${error.message}`);
      }
    }),
  };
}

/** Only validated: the emulator always logs and counts. */
export function checkLogging(properties: Properties, provisioned: boolean): void {
  const logging = properties.object('LoggingConfig');
  logging?.only('SystemLogLevel');
  logging?.oneOf('SystemLogLevel', ['DEBUG', 'INFO', 'WARN']);
  if (logging !== undefined && !provisioned) {
    properties.fail('LoggingConfig', 'needs provisioned mode: add ProvisionedPollerConfig');
  }
  const metrics = properties.object('MetricsConfig');
  metrics?.only('Metrics');
  for (const metric of metrics?.list('Metrics') ?? []) {
    if (!['EventCount', 'ErrorCount', 'KafkaMetrics'].includes(String(metric))) {
      metrics?.fail('Metrics', `expected EventCount, ErrorCount or KafkaMetrics, got ${JSON.stringify(metric)}`);
    }
  }
}
