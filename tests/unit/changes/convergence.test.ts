import fc from 'fast-check';
import { ChangeApplier } from '../../../functions/apply-changes/change-applier.ts';
import type { Position, Progress } from '../../../functions/core/change-position.ts';
import type { DeadLetter } from '../../../functions/core/dead-letter.ts';
import type { Employee } from '../../../functions/core/employee-change.ts';
import type { KafkaRecord, OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import { ChangeReader } from '../../../functions/poll-changes/change-reader.ts';
import { InMemoryChangeSource } from '../../support/cdc/in-memory-change-source.ts';
import { InMemoryEmployeeReplica } from '../../support/cdc/in-memory-employee-replica.ts';

const PARTITIONS = 3;

/** A topic, a poller that may crash at any step, and an applier whose batches may come again. */
class World {
  readonly source = new InMemoryChangeSource(3);
  readonly replica = new InMemoryEmployeeReplica();
  readonly letters: DeadLetter[] = [];
  readonly #applier = new ChangeApplier(
    this.replica,
    { publish: async (letters) => void this.letters.push(...letters) },
    [],
  );
  readonly #topic: KafkaRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly #delivered = new Array<number>(PARTITIONS).fill(0);
  #saved: Position | null = null;
  #progress: Progress | null = null;

  async poll(): Promise<boolean> {
    if (this.#saved === null || this.#progress === null) {
      await this.resnapshot();
      return true;
    }
    const reader = new ChangeReader(this.source, this.#saved, 'once', PARTITIONS);
    const reading = await reader.read(this.#progress);
    for (const record of reading.records) this.#publish(record);
    this.#progress = reading.progress;
    return reading.hasMore || reading.records.length > 0;
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

  /** A batch that was applied already comes once more, as after an answer that was lost. */
  async redeliver(partition: number, back: number, count: number): Promise<void> {
    const from = Math.max(0, (this.#delivered[partition] ?? 0) - back);
    const until = Math.min(this.#delivered[partition] ?? 0, from + count);
    await this.#applier.apply(this.#topic[partition]?.slice(from, until) ?? []);
  }

  async settle(): Promise<void> {
    for (const txid of this.source.openTransactions) this.source.commit(txid);
    while (await this.poll());
    for (let partition = 0; partition < PARTITIONS; partition += 1) while (await this.deliver(partition, 4));
  }

  #publish({ key, value, partition }: OutgoingRecord): void {
    const at = partition ?? Math.abs(Number(key)) % PARTITIONS;
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
const partition = fc.nat({ max: PARTITIONS - 1 });
const some = fc.integer({ min: 1, max: 6 });
type Step = (world: World) => Promise<unknown> | unknown;

const pick = (world: World, index: number): number => {
  const open = world.source.openTransactions;
  return open[index % Math.max(1, open.length)] ?? world.source.begin();
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
  { weight: 3, arbitrary: fc.constant<Step>((world) => world.source.begin()) },
  {
    weight: 8,
    arbitrary: fc.tuple(which, empId, fc.nat({ max: 999 })).map<Step>(
      ([index, id, salary]) =>
        (world) =>
          world.source.put(pick(world, index), employee(id, salary)),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(which, empId).map<Step>(
      ([index, id]) =>
        (world) =>
          world.source.delete(pick(world, index), id),
    ),
  },
  { weight: 1, arbitrary: which.map<Step>((index) => (world) => world.source.truncate(pick(world, index))) },
  { weight: 5, arbitrary: which.map<Step>((index) => (world) => world.source.commit(pick(world, index))) },
  { weight: 1, arbitrary: which.map<Step>((index) => (world) => world.source.rollback(pick(world, index))) },
  { weight: 8, arbitrary: fc.constant<Step>((world) => world.poll()) },
  { weight: 3, arbitrary: fc.constant<Step>((world) => world.save()) },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.purge()) },
  { weight: 2, arbitrary: fc.constant<Step>((world) => world.crash()) },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.resnapshot()) },
  {
    weight: 6,
    arbitrary: fc.tuple(partition, some).map<Step>(
      ([at, count]) =>
        (world) =>
          world.deliver(at, count),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(partition, some, some).map<Step>(
      ([at, back, count]) =>
        (world) =>
          world.redeliver(at, back, count),
    ),
  },
);

/** A failure prints its seed. It is not in the title, because the mutation tester finds tests by their titles. */
const SEED = Number(process.env['FC_SEED'] ?? Date.now() % 2_147_483_647);
/** The mutation tester asks for fewer, see tests/mutation. */
const RUNS = Number(process.env['FC_RUNS'] ?? 3_000);

test('B converges to A after polls, deliveries and redeliveries in any order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.array(empId), async (steps, planted) => {
      const world = new World();
      for (const id of planted) world.replica.insertWithoutVersion(employee(id, -1));
      for (const act of steps) await act(world);
      await world.settle();
      expect(world.replica.employees).toEqual(world.source.employees);
      expect(world.letters).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});
