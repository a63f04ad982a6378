import { parseRows } from '../csv/parse-rows.ts';
import { readColumns } from '../csv/read-columns.ts';
import { FileGoneError } from '../csv/file-gone-error.ts';
import { headersOfRedriven } from '../core/dead-letter-headers.ts';
import { isRecordOrigin } from '../core/dead-letter-origin.ts';
import type { FailedFile } from '../core/redrive.ts';
import type { Sha256 } from '../core/returned-dead-letter.ts';
import type { SalaryColumns } from '../core/salary-columns.ts';
import { createSalaryRecordEncoder } from '../core/salary-record.ts';
import { applySalaryRules, type RowOutcome, type SalaryFilter } from '../core/salary-rules.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { DestinationTopic } from './located-publisher.ts';
import { RangeReader } from './range-reader.ts';
import { type ReadDeadLetter, refuse, type Step } from './step.ts';

export interface RowPreparation {
  readonly store: ObjectStore;
  readonly filter: SalaryFilter;
  /** Where rows go that the rules accept now. */
  readonly salariesTopic: string;
  readonly sha256: Sha256;
  describeTopic(topic: string): Promise<DestinationTopic>;
}

type RowDeadLetter = ReadDeadLetter & { readonly row: number; readonly bytes: Buffer };

/** Judges rows of one version of a file again, from the bytes of that version and with the rules of today. */
export async function prepareRows(deadLetters: readonly ReadDeadLetter[], deps: RowPreparation): Promise<Step[]> {
  const file = deadLetters[0]?.claimed.file ?? null;
  const refuseAll = (reason: string) =>
    deadLetters.map(({ claimed }) => refuse(claimed, 'PIPE_REDRIVE_ORIGIN_GONE', reason));
  if (file === null) return refuseAll('expected a file of the table ingested_file, found none');
  if (file.state === 'superseded') return deadLetters.map(({ claimed }) => ({ claimed, kind: 'obsolete' }));
  if (file.state !== 'complete') {
    return deadLetters.map(({ claimed }) =>
      refuse(
        claimed,
        'PIPE_REDRIVE_FILE_STATE',
        `expected a complete file, found one that is ${file.state}; redrive its rows when it is complete`,
      ),
    );
  }
  const columns = await columnsOf(file, deps);
  if (columns === null) return refuseAll('expected the version of the file in the bucket, found none');
  const steps: Step[] = [];
  const rows: RowDeadLetter[] = [];
  const ranges = new RangeReader(deps.store, file.arrival);
  try {
    for (const deadLetter of inFileOrder(deadLetters)) {
      const row = await readRow(deadLetter, ranges, deps);
      if ('kind' in row) steps.push(row);
      else rows.push(row);
    }
  } finally {
    await ranges.close();
  }
  const values = parseRows(
    rows.map(({ bytes }) => bytes),
    columns.count,
  );
  const destination = await deps.describeTopic(deps.salariesTopic);
  const encode = createSalaryRecordEncoder(file.arrival);
  rows.forEach((row, index) => {
    const outcome = applySalaryRules(values[index] ?? [], columns, deps.filter);
    steps.push(stepOf(row, file, outcome, { ...destination, encode, topic: deps.salariesTopic }));
  });
  return steps;
}

async function columnsOf(file: FailedFile, { store }: RowPreparation): Promise<SalaryColumns | null> {
  try {
    return await readColumns(store, file.arrival);
  } catch (error) {
    if (error instanceof FileGoneError) return null;
    throw error;
  }
}

function inFileOrder(deadLetters: readonly ReadDeadLetter[]): ReadDeadLetter[] {
  return deadLetters.toSorted((a, b) => (byteRangeOf(a)?.[0] ?? 0) - (byteRangeOf(b)?.[0] ?? 0));
}

function byteRangeOf({ envelope: { origin } }: ReadDeadLetter): readonly [number, number] | undefined {
  return isRecordOrigin(origin) ? undefined : origin.byteRange;
}

/** Reads the bytes of a row and compares them with those that failed. */
async function readRow(
  deadLetter: ReadDeadLetter,
  ranges: RangeReader,
  { sha256 }: RowPreparation,
): Promise<RowDeadLetter | Step> {
  const { claimed, envelope } = deadLetter;
  const { row } = claimed;
  const [start, end] = byteRangeOf(deadLetter) ?? [];
  if (row === null || start === undefined || end === undefined) return edited(deadLetter);
  const bytes = await ranges.read(start, end);
  if (bytes === null) {
    return refuse(claimed, 'PIPE_REDRIVE_ORIGIN_GONE', 'expected the version of the file in the bucket, found none');
  }
  const { payload, cut, payloadBytes } = envelope;
  const isSame =
    bytes.length === payloadBytes &&
    bytes.subarray(0, payload?.length ?? 0).equals(payload ?? Buffer.alloc(0)) &&
    (envelope.sha256 === null ? !cut : sha256(bytes) === envelope.sha256);
  return isSame ? { ...deadLetter, row, bytes } : edited(deadLetter);
}

function edited({ claimed }: ReadDeadLetter): Step {
  const reason = 'expected the row of the file that had failed, found another one; its dead letter was edited';
  return refuse(claimed, 'PIPE_REDRIVE_EDITED', reason);
}

function stepOf(
  { claimed, envelope, row, bytes }: RowDeadLetter,
  file: FailedFile,
  outcome: RowOutcome,
  target: DestinationTopic & {
    readonly topic: string;
    readonly encode: ReturnType<typeof createSalaryRecordEncoder>;
  },
): Step {
  const { dlqId: id, attempts } = claimed;
  const earlier = { id, first: envelope.first, attempts };
  switch (outcome.kind) {
    case 'filtered':
      return { claimed, kind: 'filter', fileId: file.fileId, row };
    case 'kept': {
      const record = { key: null, value: target.encode(row, outcome.row), partition: row % target.partitionCount };
      return {
        ...{ claimed, kind: 'publish', topic: target.topic, topicId: target.topicId },
        record: { ...record, headers: headersOfRedriven(earlier) },
      };
    }
    case 'rejected': {
      const { code, reason } = outcome.rejection;
      const line = isRecordOrigin(envelope.origin) ? undefined : envelope.origin.line;
      const deadLetter = { code, reason: `${reason}; line ${line}`, origin: envelope.origin, payload: bytes, earlier };
      return { claimed, kind: 'return', deadLetter };
    }
  }
}
