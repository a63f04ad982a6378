import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';

interface ChangeFields {
  readonly action?: string;
  readonly epoch?: number;
  readonly changeId?: number;
  readonly salary?: number | null;
  readonly city?: string | null;
  /** ISO 8601. */
  readonly changedAt?: string;
}

/** A record of topic `employee-changes` with a change of one employee. */
export function changeRecord(empId: number, fields: ChangeFields = {}): KafkaRecord {
  const { action = 'UPDATE', epoch = 1, changeId = 1, salary = null, city = null, changedAt } = fields;
  const employee = { empId, firstName: null, lastName: null, dob: null, city, salary };
  return messageRecord(
    {
      action,
      epoch: String(epoch),
      changeId: String(changeId),
      employee,
      ...(changedAt !== undefined && { changedAt }),
    },
    String(empId),
  );
}

export function truncateRecord(changeId: number, epoch = 1): KafkaRecord {
  return messageRecord({ action: 'TRUNCATE', epoch: String(epoch), changeId: String(changeId), employee: null });
}

export function snapshotEndRecord(epoch: number, partition: number, partitions: number): KafkaRecord {
  const message = { action: 'SNAPSHOT_END', epoch: String(epoch), changeId: '0', employee: null, partitions };
  return messageRecord(message, null, partition);
}

let nextOffset = 0;

function messageRecord(message: object, key: string | null = null, partition = 0): KafkaRecord {
  nextOffset += 1;
  return {
    topic: 'employee-changes',
    partition,
    offset: String(nextOffset),
    timestampMs: 0,
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(JSON.stringify({ schema: 1, changedAt: '2026-01-31T10:20:30Z', ...message })),
  };
}
