import { decodeEnvelope } from '../core/dead-letter-envelope.ts';
import { dlqIdOf } from '../core/dead-letter-origin.ts';
import type { ClaimedDeadLetter } from '../core/redrive.ts';
import type { RecordReader } from '../ports/record-reader.ts';
import { type ReadDeadLetter, refuse, type Step } from './step.ts';

/**
 * Reads claimed dead letters from their topics, in stretches of one partition.
 *
 * @returns those that were read, and a refusal of each one that its topic no longer has.
 */
export async function readDeadLetters(
  reader: RecordReader,
  batch: readonly ClaimedDeadLetter[],
): Promise<{ readonly read: readonly ReadDeadLetter[]; readonly refused: readonly Step[] }> {
  const read: ReadDeadLetter[] = [];
  const refused: Step[] = [];
  for (const stretch of stretchesOf(batch)) {
    const { topic, partition } = stretch[0] as ClaimedDeadLetter;
    const found = new Map<bigint, Omit<ReadDeadLetter, 'claimed'> | null>();
    await reader.visit(
      topic,
      partition,
      stretch.map(({ offset }) => offset),
      ({ offset, key, value }) => {
        const envelope = value ? decodeEnvelope(value) : undefined;
        found.set(offset, envelope === undefined ? null : { envelope, recordKey: key && Buffer.from(key) });
      },
    );
    for (const claimed of stretch) {
      const content = found.get(claimed.offset);
      if (content !== undefined && claimed.dlqId === idOfRecord(claimed)) {
        const reason = 'expected a dead letter, found a record of another kind on the dead-letter topic; discard it';
        refused.push(refuse(claimed, 'PIPE_REDRIVE_EDITED', reason));
      } else if (content?.envelope.id !== claimed.dlqId) {
        // A topic that was created again has other dead letters at the same offsets.
        const reason =
          `expected the dead letter at the offset that the ledger has, found ${content === undefined ? 'none' : 'another record'}; ` +
          'the topic has deleted it after its retention time, or was created again';
        refused.push(refuse(claimed, 'PIPE_REDRIVE_GONE', reason));
      } else read.push({ claimed, ...content });
    }
  }
  return { read, refused };
}

/** The id that index-dead-letters gives to a record that is no dead letter. */
function idOfRecord({ topic, partition, offset }: ClaimedDeadLetter): string {
  return dlqIdOf({ topic, partition, offset: String(offset) });
}

/** Divides a batch, which is in the order of topics, partitions and offsets, by partition. */
function stretchesOf(batch: readonly ClaimedDeadLetter[]): readonly ClaimedDeadLetter[][] {
  return [...Map.groupBy(batch, ({ topic, partition }) => `${topic}/${partition}`).values()];
}
