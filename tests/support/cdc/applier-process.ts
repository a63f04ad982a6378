/** An applier in a process of its own. Receives batches from its parent, and answers each after its commit. */
import type { CdcSettings } from './settings.ts';
import { openTestApplier } from './wiring.ts';

interface Batch {
  readonly id: number;
  /** Keys and values in base64. */
  readonly records: readonly {
    readonly partition: number;
    readonly offset: string;
    readonly key: string | null;
    readonly value: string | null;
  }[];
}

const settings = JSON.parse(process.argv[2] ?? '') as CdcSettings;
/** Kills itself after this many commits, before it answers. */
const dieAfter = Number(process.argv[3] ?? Number.POSITIVE_INFINITY);
let commitCount = 0;

const { applier } = await openTestApplier(settings);
process.on('disconnect', () => process.exit(0));
process.on('message', async ({ id, records }: Batch) => {
  try {
    await applier.apply(
      records.map(({ partition, offset, key, value }) => ({
        ...{ topic: settings.topic, partition, offset, timestampMs: 0 },
        key: key === null ? null : Buffer.from(key, 'base64'),
        value: value === null ? null : Buffer.from(value, 'base64'),
      })),
    );
    commitCount += 1;
    if (commitCount >= dieAfter) process.kill(process.pid, 'SIGKILL');
    process.send?.({ id, done: true });
  } catch (error) {
    process.send?.({ id, failed: String(error) });
  }
});
process.send?.({ ready: true });
