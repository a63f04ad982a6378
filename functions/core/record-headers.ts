/** The headers of a Kafka record, in their order. A name may occur more than once. */
export type RecordHeaders = readonly (readonly [name: string, value: Buffer])[];

export const TRACE_HEADER = 'traceparent';

/** The text of the last header with this name, which is the one that counts; `undefined` without one. */
export function headerText(headers: RecordHeaders | undefined, name: string): string | undefined {
  return headers?.findLast(([other]) => other === name)?.[1].toString();
}
