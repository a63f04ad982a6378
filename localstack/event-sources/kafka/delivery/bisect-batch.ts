import type { PolledRecord } from '../../model/polled-record.ts';

/** `BisectBatchOnFunctionError`: the two halves, in order. The first is the smaller one of an odd number. */
export function bisectBatch(records: readonly PolledRecord[]): [readonly PolledRecord[], readonly PolledRecord[]] {
  const middle = records.length >> 1;
  return [records.slice(0, middle), records.slice(middle)];
}
