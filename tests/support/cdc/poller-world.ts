import type { Employee } from '../../../functions/core/employee-change.ts';
import type { OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import type { PollResult } from '../../../functions/poll-changes/change-poller.ts';
import { POLLER_TIMING } from '../../../functions/poll-changes/timing.ts';
import { createPoller, type PollerSettings } from '../../../functions/poll-changes/wiring.ts';
import type { RecordPublisher } from '../../../functions/ports/record-publisher.ts';
import { withCallHook } from './call-hook.ts';
import { type FakeClock, KillableClock } from './fake-clock.ts';
import { FakeConnection } from './fake-connection.ts';
import { InMemoryChangeSource } from './in-memory-change-source.ts';
import { InMemoryPollerLedger } from './in-memory-poller-ledger.ts';

const SETTINGS: PollerSettings = {
  leaseMs: 3_000,
  purgeIntervalMs: 60_000,
  retentionHours: 1,
  timing: POLLER_TIMING,
};
export const PARTITIONS = 2;

const employee = (empId: number, salary: number): Employee => ({
  empId,
  firstName: null,
  lastName: null,
  dob: null,
  city: null,
  salary,
});

export interface Published {
  readonly by: string;
  readonly atMs: number;
  readonly key: string | null;
  readonly message: { readonly action: string; readonly changeId: string; readonly epoch: string };
}

/** One poller of the world, with what it does and how it can be hindered. */
export interface PollerRun {
  readonly done: Promise<PollResult>;
  /** `undefined` while it runs. */
  outcome: PollResult | Error | undefined;
  /** When it asked the source for changes. */
  readonly readsAtMs: number[];
  readonly logged: string[];
  readonly source: FakeConnection;
  readonly broker: FakeConnection;
  readonly ledger: FakeConnection;
  /** Stops for good at its next wait, as when its process is killed. */
  kill(): void;
}

/** A source, a topic and a ledger in memory, at some milliseconds' distance, for pollers on a clock of the test's. */
export class PollerWorld {
  readonly source: InMemoryChangeSource;
  readonly ledger = new InMemoryPollerLedger();
  readonly topic: Published[] = [];
  readonly #clock: FakeClock;
  readonly #written: { readonly changeId: number; readonly empId: number }[] = [];
  #started = 0;

  constructor(clock: FakeClock, pageSize = 1_000) {
    this.#clock = clock;
    this.source = new InMemoryChangeSource(pageSize);
  }

  /** One transaction that writes one employee. */
  write(empId: number, salary: number): void {
    this.source.commit(this.open(empId, salary));
  }

  /** The same, left open. */
  open(...[empId, salary]: [number, number]): number {
    const txid = this.source.begin();
    this.source.put(txid, employee(empId, salary));
    this.#written.push({ changeId: this.#written.length + 1, empId });
    return txid;
  }

  start(lifeMs = 115_000, settings: Partial<PollerSettings> = {}): PollerRun {
    this.#started += 1;
    const by = `poller ${this.#started}`;
    const clock = new KillableClock(this.#clock);
    const [source, broker, ledger] = [2, 3, 5].map((roundTripMs) => new FakeConnection(clock, roundTripMs)) as [
      FakeConnection,
      FakeConnection,
      FakeConnection,
    ];
    const readsAtMs: number[] = [];
    const logged: string[] = [];
    const watched = withCallHook(this.source, ['readDifference', 'readPage', 'readSnapshotChunk'], () =>
      readsAtMs.push(clock.monotonicMs()),
    );
    const publisher: RecordPublisher = {
      publish: async (_topic, records) => void this.topic.push(...records.map((record) => this.#published(by, record))),
    };
    const poller = createPoller(
      {
        source: source.to(watched),
        publisher: broker.to(publisher),
        ledger: ledger.to(this.ledger),
        topic: 'employee-changes',
      },
      {
        clock,
        logger: { debug: () => {}, info: (message) => logged.push(message), warn: (message) => logged.push(message) },
        partitionCount: PARTITIONS,
      },
      { ...SETTINGS, ...settings },
    );
    const done = poller.run(this.#clock.monotonicMs() + lifeMs);
    const run: PollerRun = {
      done,
      outcome: undefined,
      readsAtMs,
      logged,
      source,
      broker,
      ledger,
      kill: () => clock.die(),
    };
    done.then(
      (result) => {
        run.outcome = result;
      },
      (error: Error) => {
        run.outcome = error;
      },
    );
    return run;
  }

  /** Committed writes that are neither on the topic nor part of an image of a snapshot on it. */
  get lost(): number[] {
    const changes = new Set(this.topic.filter(isChange).map(({ message }) => Number(message.changeId)));
    const images = this.topic.filter(({ message }) => message.action === 'SNAPSHOT');
    return this.#written
      .map(({ changeId }) => changeId)
      .filter((id, index) => {
        const key = String(this.#written[index]?.empId);
        return !changes.has(id) && !images.some((image) => image.key === key && Number(image.message.changeId) >= id);
      });
  }

  /** Changes that come for the first time behind a newer one of the same employee. */
  get outOfOrder(): number[] {
    const seen = new Set<number>();
    const newest = new Map<string | null, number>();
    return this.topic.filter(isChange).flatMap(({ key, message }) => {
      const changeId = Number(message.changeId);
      if (seen.has(changeId)) return [];
      seen.add(changeId);
      const before = newest.get(key) ?? 0;
      newest.set(key, Math.max(before, changeId));
      return changeId < before ? [changeId] : [];
    });
  }

  /** How often each change is on the topic more than once. */
  get repeated(): number {
    const changes = this.topic.filter(isChange);
    return changes.length - new Set(changes.map(({ message }) => message.changeId)).size;
  }

  #published(by: string, { key, value }: OutgoingRecord): Published {
    return {
      by,
      atMs: this.#clock.monotonicMs(),
      key: key === null ? null : String(key),
      message: JSON.parse(String(value)) as Published['message'],
    };
  }
}

function isChange({ message: { action } }: Published): boolean {
  return action !== 'SNAPSHOT' && action !== 'SNAPSHOT_END';
}
