import { parseArn } from '../../model/arn.ts';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import type { Properties } from '../properties.ts';

/** How a mapping handles errors. */
export type ErrorControls = Pick<
  KafkaMapping,
  'maximumRetryAttempts' | 'maximumRecordAgeSeconds' | 'bisectBatchOnFunctionError' | 'reportsBatchItemFailures'
>;

/** AWS's console has these in provisioned mode only. */
const controls = [
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'FunctionResponseTypes',
];

export function readErrorControls(properties: Properties, allowed: boolean): ErrorControls {
  const read = {
    bisectBatchOnFunctionError: properties.boolean('BisectBatchOnFunctionError') ?? false,
    maximumRetryAttempts: properties.integer('MaximumRetryAttempts', 0, 10_000, [-1]) ?? -1,
    maximumRecordAgeSeconds: properties.integer('MaximumRecordAgeInSeconds', 60, 604_800, [-1]) ?? -1,
    reportsBatchItemFailures: reportsBatchItemFailures(properties),
  };
  if (allowed) return read;
  const defaults = [
    read.maximumRetryAttempts === -1,
    read.maximumRecordAgeSeconds === -1,
    !read.bisectBatchOnFunctionError,
    !read.reportsBatchItemFailures,
  ];
  const changed = controls.find((_, index) => !defaults[index]);
  if (changed === undefined) return read;
  return properties.fail(
    changed,
    'needs provisioned mode: add ProvisionedPollerConfig, or set errorControlsOnDemand: allow',
    'offers it in provisioned mode only',
  );
}

function reportsBatchItemFailures(properties: Properties): boolean {
  const types = properties.list('FunctionResponseTypes') ?? [];
  for (const type of types) {
    if (type !== 'ReportBatchItemFailures') {
      properties.fail('FunctionResponseTypes', `expected ReportBatchItemFailures, got ${JSON.stringify(type)}`);
    }
  }
  return types.length > 0;
}

/** An ARN of SQS, SNS or S3, or `kafka://topic`. */
export function readDestination(properties: Properties, topic: string, provisioned: boolean): string | undefined {
  const config = properties.object('DestinationConfig');
  if (config?.has('OnSuccess')) config.fail('OnSuccess', 'is not supported by event source mappings: only OnFailure');
  config?.only('OnFailure', 'OnSuccess');
  const onFailure = config?.object('OnFailure');
  onFailure?.only('Destination');
  const destination = onFailure?.text('Destination', { maximumLength: 350 });
  if (onFailure === undefined || destination === undefined || destination === '') return undefined;
  const kafka = /^kafka:\/\/(.+)$/.exec(destination)?.[1];
  if (kafka === undefined) {
    if (['sqs', 'sns', 's3'].includes(parseArn(destination)?.service ?? '')) return destination;
    return onFailure.fail('Destination', `expected an ARN of SQS, SNS or S3, or kafka://TOPIC, got ${destination}`);
  }
  if (!provisioned) {
    onFailure.fail('Destination', 'a Kafka topic needs provisioned mode: add ProvisionedPollerConfig');
  }
  if (kafka === topic) {
    const change = 'which would never end: name another topic';
    onFailure.fail('Destination', `${destination} is the source topic itself, ${change}`);
  }
  if (!/^(?!\.)[a-zA-Z0-9\-_.]{1,249}$/.test(kafka)) {
    onFailure.fail('Destination', `expected kafka:// and the name of a topic, got ${destination}`);
  }
  return destination;
}
