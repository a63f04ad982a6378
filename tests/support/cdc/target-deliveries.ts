import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import { changeRecord } from './change-records.ts';
import type { TargetRig } from './target-rig.ts';

let changeId = 0;

/** A change that is newer than all before it. */
export function write(
  empId: number,
  salary: number,
  more: { city?: string | null; action?: string } = {},
): KafkaRecord {
  changeId += 1;
  return changeRecord(empId, { changeId, salary, city: 'Rome', ...more });
}

export const remove = (empId: number) => write(empId, 0, { action: 'DELETE' });

/** One change of each of the employees from 1 on. */
export const writes = (count: number, salary = 7, city: string | null = 'Rome') =>
  Array.from({ length: count }, (_, index) => write(index + 1, salary, { city }));

/** How the records reach the applier. */
export const deliveries = ['one by one', 'in one batch'] as const;

/** @returns the error of each batch that failed. */
export async function deliver(
  rig: TargetRig,
  records: readonly KafkaRecord[],
  delivery: (typeof deliveries)[number],
): Promise<unknown[]> {
  const batches = delivery === 'in one batch' ? [records] : records.map((record) => [record]);
  const outcomes = [];
  for (const batch of batches) outcomes.push(await rig.applier.apply(batch).catch((error: unknown) => ({ error })));
  return outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
}

/** A trigger that refuses rows with a message that quotes a value. */
export const raisingTrigger = (condition: string) => `
  create function refuse() returns trigger language plpgsql as
    'begin if ${condition} then raise exception ''secret %'', new.city; end if; return new; end';
  create trigger refusing before insert or update on employees for each row execute function refuse()`;
