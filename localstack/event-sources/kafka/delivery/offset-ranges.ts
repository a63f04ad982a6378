import type { PolledRecord } from '../../model/polled-record.ts';

/** First and last offset of each partition, for instance `{"topic-0":"5-9"}`, for a log line. */
export function offsetRanges(topic: string, records: readonly PolledRecord[]): Record<string, string> {
  const ranges: Record<string, string> = {};
  let first: PolledRecord | undefined;
  records.forEach((record, index) => {
    if (first === undefined || first.partition !== record.partition) first = record;
    if (records[index + 1]?.partition !== record.partition) {
      ranges[`${topic}-${record.partition}`] = `${first.offset}-${record.offset}`;
    }
  });
  return ranges;
}
