import type { PartitionOffsets } from '../../core/offset-range.ts';
import type { AppliedOffsets, AppliedPartition, AppliedTopic } from '../../ports/applied-offsets.ts';
import { plainArray, textArray } from './array-literal.ts';
import type { Database } from './database.ts';
import type { RunQuery } from './table-shape.ts';
import { CHANGES_TABLES } from './target-tables.ts';
import { adaptWriteMethod } from './write-method.ts';

/**
 * A batch of offsets as rows of `applied_offset`. The parameters are those of `offsetParameters`, from `$first` on.
 * Sorted, so that concurrent writers lock rows in the same order and cannot deadlock.
 */
const batchRows = (first: number) => `
  select topic, kafka_partition, range_agg(int8range(first, next)) as offsets
  from unnest($${first}::text[], $${first + 1}::integer[], $${first + 2}::bigint[], $${first + 3}::bigint[])
    as batch (topic, kafka_partition, first, next)
  group by topic, kafka_partition order by topic, kafka_partition`;

/** A statement that adds a batch of offsets, also as a part of a larger statement. */
export const addOffsets = (firstParameter: number) => `
  insert into applied_offset as stored (topic, kafka_partition, offsets)
  ${batchRows(firstParameter)}
  on conflict (topic, kafka_partition) do update set offsets = stored.offsets + excluded.offsets`;

export function offsetParameters(offsets: readonly PartitionOffsets[]): [string, string, string, string] {
  return [
    textArray(offsets.map(({ topic }) => topic)),
    plainArray(offsets.map(({ partition }) => partition)),
    plainArray(offsets.map(({ first }) => first)),
    plainArray(offsets.map(({ next }) => next)),
  ];
}

interface OffsetRow {
  readonly watermark_epoch: string;
  readonly kafka_partition: number | null;
  readonly topic_id: string | null;
  readonly first: string | null;
  readonly next: string | null;
}

export class PostgresAppliedOffsets implements AppliedOffsets {
  readonly #query: RunQuery;

  constructor(database: Database) {
    const withWriteMethod = adaptWriteMethod((text, values) => database.query(text, values), CHANGES_TABLES);
    // A schema that does not fit is named with its remedy.
    this.#query = (text, values) => withWriteMethod(() => database.query(text, values));
  }

  async read(topic: string): Promise<AppliedTopic> {
    const { rows } = await this.#query<OffsetRow & Record<string, unknown>>(
      `select watermark.epoch as watermark_epoch, kafka_partition, topic_id, lower(part) as first, upper(part) as next
       from employee_watermark as watermark
       left join applied_offset on topic = $1
       left join lateral unnest(offsets) as part on true
       order by kafka_partition, part`,
      [topic],
    );
    const partitions = new Map<number, AppliedPartition & { offsets: { first: bigint; next: bigint }[] }>();
    for (const { kafka_partition: partition, topic_id: topicId, first, next } of rows) {
      if (partition === null) continue;
      const known = partitions.get(partition) ?? { partition, topicId, offsets: [] };
      partitions.set(partition, known);
      if (first !== null && next !== null) known.offsets.push({ first: BigInt(first), next: BigInt(next) });
    }
    return { partitions: [...partitions.values()], watermarkEpoch: BigInt(rows[0]?.watermark_epoch ?? -1) };
  }

  async assignTopicId(topic: string, topicId: string): Promise<void> {
    await this.#query(
      `update applied_offset set topic_id = $2, offsets = case when topic_id is null then offsets else '{}' end
       where topic = $1 and topic_id is distinct from $2`,
      [topic, topicId],
    );
  }

  async add(offsets: readonly PartitionOffsets[]): Promise<void> {
    await this.#query(addOffsets(1), offsetParameters(offsets));
  }

  async remove(offsets: readonly PartitionOffsets[]): Promise<void> {
    await this.#query(
      `update applied_offset as stored set offsets = stored.offsets - removed.offsets
       from (${batchRows(1)}) as removed
       where stored.topic = removed.topic and stored.kafka_partition = removed.kafka_partition`,
      offsetParameters(offsets),
    );
  }
}
