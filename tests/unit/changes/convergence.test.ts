import fc from 'fast-check';
import { ChangeApplier } from '../../../functions/apply-changes/change-applier.ts';
import type { Position, Progress } from '../../../functions/core/change-position.ts';
import type { DeadLetter } from '../../../functions/core/dead-letter.ts';
import type { Employee } from '../../../functions/core/employee-change.ts';
import type { KafkaRecord, OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import { ChangeReader } from '../../../functions/poll-changes/change-reader.ts';
import { createTickRecorder } from '../../../functions/runtime/tick-recorder.ts';
import { InMemoryChangeSource } from '../../support/cdc/in-memory-change-source.ts';
import { InMemoryEmployeeReplica } from '../../support/cdc/in-memory-employee-replica.ts';
import { propertyRuns } from '../../support/property-runs.ts';

const PARTITION_COUNT = 3;

/** A source, a topic and a replica, between a poller that may crash at any step and an applier whose batches may repeat. */
class ChangesSimulation {
  readonly source = new InMemoryChangeSource(3);
  readonly replica = new InMemoryEmployeeReplica();
  readonly deadLetters: DeadLetter[] = [];
  readonly #applier = new ChangeApplier(
    this.replica,
    { publish: async (deadLetters) => void this.deadLetters.push(...deadLetters) },
    [],
    createTickRecorder('apply-changes'),
  );
  readonly #topic: KafkaRecord[][] = Array.from({ length: PARTITION_COUNT }, () => []);
  readonly #delivered = new Array<number>(PARTITION_COUNT).fill(0);
  /** The saved position, and up to where the poller has published. */
  #saved: Position | null = null;
  #progress: Progress | null = null;

  async poll(): Promise<boolean> {
    if (this.#saved === null || this.#progress === null) {
      await this.resnapshot();
      return true;
    }
    const { serverStartedAt } = await this.source.identify();
    const reader = new ChangeReader(this.source, this.#saved, serverStartedAt, PARTITION_COUNT);
    const result = await reader.read(this.#progress);
    for (const record of result.records) this.#publish(record);
    this.#progress = result.progress;
    return result.hasMore || result.records.length > 0;
  }

  async save(): Promise<void> {
    if (this.#saved === null || this.#progress === null) return;
    this.#saved = { ...this.#saved, saveNumber: await this.source.nextSaveNumber(), progress: this.#progress };
  }

  crash(): void {
    this.#progress = this.#saved?.progress ?? null;
  }

  async resnapshot(): Promise<void> {
    const begun = await this.source.beginSnapshot(this.#saved?.epoch ?? 0n);
    this.#progress = { phase: 'snapshot', since: begun.snapshot, afterEmpId: null };
    this.#saved = { ...begun, progress: this.#progress };
  }

  async purge(): Promise<void> {
    if (this.#saved !== null) await this.source.purge(this.#saved.progress.since, 0);
  }

  async deliver(partition: number, count: number): Promise<boolean> {
    const from = this.#delivered[partition] ?? 0;
    const batch = this.#topic[partition]?.slice(from, from + count) ?? [];
    await this.#applier.apply(batch);
    this.#delivered[partition] = from + batch.length;
    return batch.length > 0;
  }

  /** Delivers records again that were applied already, as after a lost response. */
  async redeliver(partition: number, back: number, count: number): Promise<void> {
    const from = Math.max(0, (this.#delivered[partition] ?? 0) - back);
    const until = Math.min(this.#delivered[partition] ?? 0, from + count);
    await this.#applier.apply(this.#topic[partition]?.slice(from, until) ?? []);
  }

  async settle(): Promise<void> {
    for (const txid of this.source.openTransactions) this.source.commit(txid);
    while (await this.poll());
    for (let partition = 0; partition < PARTITION_COUNT; partition += 1) while (await this.deliver(partition, 4));
  }

  #publish({ key, value, partition }: OutgoingRecord): void {
    const at = partition ?? Math.abs(Number(key)) % PARTITION_COUNT;
    const records = this.#topic[at];
    records?.push({
      topic: 'changes',
      partition: at,
      offset: String(records.length),
      timestampMs: 0,
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    });
  }
}

const empId = fc.integer({ min: 0, max: 7 });
const which = fc.nat({ max: 3 });
const partition = fc.nat({ max: PARTITION_COUNT - 1 });
const some = fc.integer({ min: 1, max: 6 });
type Step = (simulation: ChangesSimulation) => Promise<unknown> | unknown;

const pick = (simulation: ChangesSimulation, index: number): number => {
  const open = simulation.source.openTransactions;
  return open[index % Math.max(1, open.length)] ?? simulation.source.begin();
};
const employee = (id: number, salary: number): Employee => ({
  empId: id,
  firstName: `name ${salary}`,
  lastName: null,
  dob: null,
  city: null,
  salary,
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>((simulation) => simulation.source.begin()) },
  {
    weight: 8,
    arbitrary: fc.tuple(which, empId, fc.nat({ max: 999 })).map<Step>(
      ([index, id, salary]) =>
        (simulation) =>
          simulation.source.put(pick(simulation, index), employee(id, salary)),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(which, empId).map<Step>(
      ([index, id]) =>
        (simulation) =>
          simulation.source.delete(pick(simulation, index), id),
    ),
  },
  {
    weight: 1,
    arbitrary: which.map<Step>((index) => (simulation) => simulation.source.truncate(pick(simulation, index))),
  },
  {
    weight: 5,
    arbitrary: which.map<Step>((index) => (simulation) => simulation.source.commit(pick(simulation, index))),
  },
  {
    weight: 1,
    arbitrary: which.map<Step>((index) => (simulation) => simulation.source.rollback(pick(simulation, index))),
  },
  { weight: 8, arbitrary: fc.constant<Step>((simulation) => simulation.poll()) },
  { weight: 3, arbitrary: fc.constant<Step>((simulation) => simulation.save()) },
  { weight: 1, arbitrary: fc.constant<Step>((simulation) => simulation.purge()) },
  { weight: 2, arbitrary: fc.constant<Step>((simulation) => simulation.crash()) },
  { weight: 1, arbitrary: fc.constant<Step>((simulation) => simulation.resnapshot()) },
  {
    weight: 6,
    arbitrary: fc.tuple(partition, some).map<Step>(
      ([at, count]) =>
        (simulation) =>
          simulation.deliver(at, count),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(partition, some, some).map<Step>(
      ([at, back, count]) =>
        (simulation) =>
          simulation.redeliver(at, back, count),
    ),
  },
);

/** A failure prints its seed. It is not in the title, because the mutation tester finds tests by their titles. */
const SEED = Number(process.env['FC_SEED'] ?? Date.now() % 2_147_483_647);

test('the replica converges to the source after polls, crashes, deliveries and redeliveries in any order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.array(empId), async (steps, withoutVersion) => {
      const simulation = new ChangesSimulation();
      for (const id of withoutVersion) simulation.replica.insertWithoutVersion(employee(id, -1));
      for (const act of steps) await act(simulation);
      await simulation.settle();
      expect(simulation.replica.employees).toEqual(simulation.source.employees);
      expect(simulation.deadLetters).toEqual([]);
    }),
    { numRuns: propertyRuns(3_000), seed: SEED },
  );
});
