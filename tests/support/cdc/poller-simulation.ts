import { decodePosition, type Position } from '../../../functions/core/change-position.ts';
import type { Employee } from '../../../functions/core/employee-change.ts';
import type { OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import type { PollResult } from '../../../functions/poll-changes/change-poller.ts';
import { POLLER_TIMING } from '../../../functions/poll-changes/timing.ts';
import { createPoller, type PollerSettings } from '../../../functions/poll-changes/wiring.ts';
import type { RecordPublisher } from '../../../functions/ports/record-publisher.ts';
import { InMemoryConditionStore } from '../in-memory-condition-store.ts';
import { InMemoryTopics } from '../in-memory-topics.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { withCallHook } from './call-hook.ts';
import { FakeClock, KillableClock } from './fake-clock.ts';
import { FakeConnection } from './fake-connection.ts';
import { InMemoryChangeSource } from './in-memory-change-source.ts';
import { InMemoryPollerLedger } from './in-memory-poller-ledger.ts';
import { decodeSnapshot, isVisible } from './transaction-snapshot.ts';

export const PARTITION_COUNT = 2;
const TOPIC = 'employee-changes';

const SETTINGS: PollerSettings = {
  leaseMs: 3_000,
  purgeIntervalMs: 60_000,
  retentionHours: 1,
  timing: POLLER_TIMING,
};

/** Milliseconds of a round trip to each system. */
const ROUND_TRIP_MS = { source: 2, broker: 3, ledger: 5 };

export interface PublishedRecord {
  readonly by: string;
  readonly atMs: number;
  readonly key: string | null;
  readonly message: { readonly action: string; readonly changeId: string; readonly epoch: string };
}

/** One invocation of the poller: what it does, and how a test can disturb it. */
export interface PollerRun {
  readonly done: Promise<PollResult>;
  /** `undefined` while the poller runs. */
  outcome: PollResult | Error | undefined;
  /** When it read changes or employees from the source. */
  readonly readsAtMs: number[];
  readonly logger: RecordingLogger;
  readonly source: FakeConnection;
  readonly broker: FakeConnection;
  readonly ledger: FakeConnection;
  /** Never wakes up from its next wait, as if its process were killed. */
  kill(): void;
}

interface StartOptions {
  /** Duration of the invocation. */
  readonly lifeMs?: number;
  readonly settings?: Partial<PollerSettings>;
}

/** A source, a topic and a ledger in memory, which pollers reach with some latency, on a clock that the test advances. */
export class PollerSimulation {
  readonly clock = new FakeClock();
  readonly source: InMemoryChangeSource;
  readonly ledger = new InMemoryPollerLedger();
  readonly conditions = new InMemoryConditionStore(() => new Date(this.clock.monotonicMs()));
  readonly topic: PublishedRecord[] = [];
  /** What Kafka knows of the topic. */
  readonly topics = new InMemoryTopics();
  readonly #written: { readonly changeId: number; readonly empId: number; readonly txid: number }[] = [];
  #startedCount = 0;

  constructor(pageSize = 1_000) {
    this.source = new InMemoryChangeSource(pageSize, () => this.clock.monotonicMs());
    this.topics.createTopic(TOPIC, PARTITION_COUNT);
  }

  /** Commits one change of one employee. */
  write(empId: number, salary: number): void {
    this.source.commit(this.writeUncommitted(empId, salary));
  }

  /** Returns the open transaction. */
  writeUncommitted(empId: number, salary: number): number {
    const txid = this.source.begin();
    this.source.put(txid, employee(empId, salary));
    this.#written.push({ changeId: this.#written.length + 1, empId, txid });
    return txid;
  }

  /** Commits one change at every interval. */
  async writeFor(ms: number, everyMs = 20): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += everyMs) {
      this.write(passedMs % 7, passedMs);
      await this.clock.advance(everyMs);
    }
  }

  startPoller({ lifeMs = 115_000, settings = {} }: StartOptions = {}): PollerRun {
    this.#startedCount += 1;
    const by = `poller ${this.#startedCount}`;
    const clock = new KillableClock(this.clock);
    const source = new FakeConnection(clock, ROUND_TRIP_MS.source);
    const broker = new FakeConnection(clock, ROUND_TRIP_MS.broker);
    const ledger = new FakeConnection(clock, ROUND_TRIP_MS.ledger);
    const readsAtMs: number[] = [];
    const logger = new RecordingLogger();
    const watchedSource = withCallHook(this.source, ['readDifference', 'readPage', 'readSnapshotChunk'], () =>
      readsAtMs.push(clock.monotonicMs()),
    );
    const publisher: RecordPublisher = {
      publish: async (_topic, records) => {
        this.topic.push(...records.map((record) => this.#published(by, record)));
        return records.map(({ key, partition = Number(key) % PARTITION_COUNT }) =>
          this.topics.write(TOPIC, partition, 1),
        );
      },
    };
    const poller = createPoller(
      {
        source: source.to(watchedSource),
        publisher: broker.to(publisher),
        ledger: ledger.to(this.ledger),
        conditions: this.conditions,
        inspector: broker.to(this.topics),
        topic: TOPIC,
      },
      { clock, logger, topicState: this.topics.stateOf(TOPIC) },
      { ...SETTINGS, ...settings },
    );
    const done = poller.run(this.clock.monotonicMs() + lifeMs);
    const run: PollerRun = {
      ...{ done, outcome: undefined, readsAtMs, logger, source, broker, ledger },
      kill: () => clock.kill(),
    };
    const setOutcome = (outcome: PollResult | Error) => {
      run.outcome = outcome;
    };
    done.then(setOutcome, setOutcome);
    return run;
  }

  /** @throws when none is saved. */
  async savedPosition(): Promise<Position> {
    return decodePosition((await this.ledger.read())?.position ?? '');
  }

  /** Makes another poller the owner of the lease, without asking the present one. Returns its fencing token. */
  async takeLeaseAway(): Promise<number> {
    expect(await this.ledger.tryAcquire(await this.ledger.read(), 'another poller')).toBe(true);
    return (await this.ledger.read())?.fencingToken ?? Number.NaN;
  }

  /** Asserts that every committed change is on the topic, and at first after all older ones of its employee. */
  expectNothingLost(): void {
    expect(this.topic.length).toBeGreaterThan(PARTITION_COUNT);
    expect({ lost: this.lostChangeIds, outOfOrder: this.#outOfOrderChangeIds }).toEqual({ lost: [], outOfOrder: [] });
  }

  /** Written changes that are neither on the topic nor reflected by the image of a snapshot there. */
  get lostChangeIds(): number[] {
    const published = new Set(this.topic.filter(isChange).map(({ message }) => Number(message.changeId)));
    const images = this.topic.filter(({ message }) => message.action === 'SNAPSHOT');
    return this.#written
      .filter(({ changeId, empId }) => {
        const isInImage = images.some(
          ({ key, message }) => key === String(empId) && Number(message.changeId) >= changeId,
        );
        return !published.has(changeId) && !isInImage;
      })
      .map(({ changeId }) => changeId);
  }

  /** Written changes that a poller would publish again if it resumed from the saved position. */
  async uncoveredChangeIds(): Promise<string[]> {
    const snapshot = decodeSnapshot((await this.savedPosition()).progress.since);
    return this.#written.filter(({ txid }) => !isVisible(snapshot, txid)).map(({ changeId }) => String(changeId));
  }

  /** How many records repeat a change that is on the topic already. */
  get repeatedCount(): number {
    const changes = this.topic.filter(isChange);
    return changes.length - new Set(changes.map(({ message }) => message.changeId)).size;
  }

  /** Changes whose first record comes after a newer change of the same employee. */
  get #outOfOrderChangeIds(): number[] {
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

  #published(by: string, { key, value }: OutgoingRecord): PublishedRecord {
    return {
      by,
      atMs: this.clock.monotonicMs(),
      key: key === null ? null : String(key),
      message: JSON.parse(String(value)) as PublishedRecord['message'],
    };
  }
}

function employee(empId: number, salary: number): Employee {
  return { empId, firstName: null, lastName: null, dob: null, city: null, salary };
}

function isChange({ message: { action } }: PublishedRecord): boolean {
  return action !== 'SNAPSHOT' && action !== 'SNAPSHOT_END';
}
