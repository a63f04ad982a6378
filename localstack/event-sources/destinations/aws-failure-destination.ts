import { KafkaEventSerializer } from '../kafka/event/kafka-event-serializer.ts';
import { parseArn } from '../model/arn.ts';
import type { FailedBatch } from '../model/failed-batch.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import type { ClosableDestination } from './closable-destination.ts';
import { batchFailureRecord } from './failure-record.ts';
import { destinationObjectKey } from './object-key.ts';
import type { Sender } from './sender.ts';

/** Sends one failure record for each failed batch to SQS, SNS or S3. */
export class AwsFailureDestination implements ClosableDestination {
  readonly #mapping: KafkaMapping;
  readonly #arn: string;
  readonly #serializer: KafkaEventSerializer;
  readonly #sender: Sender;

  constructor(mapping: KafkaMapping, arn: string, sender: Sender) {
    this.#mapping = mapping;
    this.#arn = arn;
    this.#serializer = new KafkaEventSerializer(mapping);
    this.#sender = sender;
  }

  async deliver(batch: FailedBatch): Promise<void> {
    const time = new Date();
    const isBucket = parseArn(this.#arn)?.service === 's3';
    const record = batchFailureRecord(this.#mapping, this.#serializer, batch, isBucket, time);
    const prefix = `${this.#mapping.uuid}/${this.#mapping.topic}-${batch.records[0]?.partition}`;
    await this.#sender.send(this.#arn, JSON.stringify(record), destinationObjectKey(prefix, time));
  }

  async close(): Promise<void> {}
}
