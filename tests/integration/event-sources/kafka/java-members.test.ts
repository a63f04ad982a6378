import { produce } from '../../../support/event-sources/kafka-client.ts';
import { type MappingRun, withMapping } from '../../../support/event-sources/mapping-run.ts';
import { eventually } from '../../../support/eventually.ts';
import { type JavaAssignment, JavaConsumer } from '../../../support/kafka-tools/java-consumer.ts';
import { createTopic } from '../../../support/servers.ts';

jest.setTimeout(180_000);

const PARTITIONS = 6;
const RECORDS = 20;

/** A mapping and consumers of Java in one group. Records are produced only while the group is stable. */
class SharedGroup {
  readonly #run: MappingRun;
  readonly #assignment: JavaAssignment;
  readonly #all: JavaConsumer[] = [];
  #produced = 0;

  constructor(run: MappingRun, assignment: JavaAssignment) {
    this.#run = run;
    this.#assignment = assignment;
  }

  async startJava(): Promise<JavaConsumer> {
    const consumer = await JavaConsumer.start(this.#run.topic, this.#run.groupId, this.#assignment);
    this.#all.push(consumer);
    return consumer;
  }

  async stopJava(): Promise<void> {
    await Promise.all(this.#all.map((consumer) => consumer.stop()));
  }

  /** Resolves when the members have as many partitions, every partition once, and new records were processed. */
  async shares(mapping: number, ...java: readonly (readonly [JavaConsumer, number])[]): Promise<void> {
    await eventually(() => {
      const members = [this.#mappingPartitions(), ...java.map(([consumer]) => consumer.partitions)];
      expect(members.map(({ length }) => length)).toEqual([mapping, ...java.map(([, count]) => count)]);
      expect(members.flat().sort()).toEqual([0, 1, 2, 3, 4, 5]);
      return true;
    });
    const messages = Array.from({ length: PARTITIONS * RECORDS }, (_, index) => ({
      partition: index % PARTITIONS,
      value: String(index),
    }));
    await produce(this.#run.topic, messages);
    this.#produced += RECORDS;
    await this.#run.untilCommitted(this.#produced);
  }

  /** How often each record was delivered, to whichever member, by partition. */
  get deliveries(): number[][] {
    const delivered = [...this.#run.fn.records, ...this.#all.flatMap(({ records }) => records)];
    const counts = Array.from({ length: PARTITIONS }, () => new Array<number>(this.#produced).fill(0));
    for (const { partition, offset } of delivered) {
      const own = counts[partition];
      if (own !== undefined) own[offset] = (own[offset] ?? 0) + 1;
    }
    return counts;
  }

  get onceEach(): number[][] {
    return Array.from({ length: PARTITIONS }, () => new Array<number>(this.#produced).fill(1));
  }

  #mappingPartitions(): number[] {
    const polling = this.#run.lines.findLast(({ message }) => message === 'polling');
    return ((polling?.['assignedPartitions'] ?? []) as { partition: number }[]).map(({ partition }) => partition);
  }
}

test.each<[string, JavaAssignment]>([
  ["Java's default", ['RangeAssignor', 'CooperativeStickyAssignor']],
  ['cooperative-sticky', ['CooperativeStickyAssignor']],
])(
  '[documented] other members of the group: a consumer of Java with %s shares the partitions, whoever is first, and each record is delivered once',
  async (_name, assignment) => {
    const topic = await createTopic('esm-java', PARTITIONS);
    await withMapping({ topic }, async (run) => {
      const group = new SharedGroup(run, assignment);
      try {
        const first = await group.startJava();
        await group.shares(0, [first, 6]);
        await run.start();
        await group.shares(3, [first, 3]);
        await first.stop();
        await group.shares(6);
        // The mapping leads the group now: it decides what Java gets, and what Java has to give up for a third member.
        const second = await group.startJava();
        await group.shares(3, [second, 3]);
        const third = await group.startJava();
        await group.shares(2, [second, 2], [third, 2]);
        await Promise.all([second.stop(), third.stop()]);
        await group.shares(6);
        expect(group.deliveries).toEqual(group.onceEach);
      } finally {
        await group.stopJava();
      }
    });
  },
);

/** Shorter than the others, because a member of this protocol sends a heartbeat every five seconds, which a client cannot set. */
test("[known] other members of the group: a consumer of Java with Kafka's new protocol, in which the broker divides the partitions, shares them", async () => {
  const topic = await createTopic('esm-java', PARTITIONS);
  await withMapping({ topic }, async (run) => {
    const group = new SharedGroup(run, 'consumer');
    try {
      const java = await group.startJava();
      await group.shares(0, [java, 6]);
      await run.start();
      await group.shares(3, [java, 3]);
      await java.stop();
      await group.shares(6);
      expect(group.deliveries).toEqual(group.onceEach);
    } finally {
      await group.stopJava();
    }
  });
});
