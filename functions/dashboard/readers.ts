import { PipelineError } from '../core/errors.ts';
import { CHANGES_GROUP, CHANGES_TOPIC, SALARIES_GROUP, SALARIES_TOPIC } from '../core/topics.ts';
import type { CaptureBacklog } from '../ports/capture-backlog.ts';
import type { ConditionReader } from '../ports/condition-reader.ts';
import type { DeadLetterView } from '../ports/dead-letter-view.ts';
import type { PipelineHistory } from '../ports/pipeline-history.ts';
import type { PollerLedger } from '../ports/poller-ledger.ts';
import type { SalaryView } from '../ports/salary-view.ts';
import type { TopicInspector } from '../ports/topic-inspector.ts';
import type { VerificationStore } from '../ports/verification-store.ts';
import { PollerWatch } from './poller-watch.ts';
import type { Readers } from './shared-state.ts';
import type { GroupProgress, LatencyWindow } from '../ports/dashboard-state.ts';

export interface ReaderDependencies {
  readonly ledger: Pick<PollerLedger, 'read'>;
  readonly conditions: ConditionReader;
  readonly backlog: CaptureBacklog;
  readonly topics: Pick<TopicInspector, 'describe' | 'committedOffsets'>;
  readonly history: Pick<PipelineHistory, 'series' | 'total'>;
  readonly salaries: Pick<SalaryView, 'overview'>;
  readonly deadLetters: Pick<DeadLetterView, 'overview'>;
  readonly verification: Pick<VerificationStore, 'read'>;
  readonly now: () => Date;
}

/** The page shows fewer; `npm run status -- --json` has them all. */
const NEWEST_FILES = 20;

const WINDOW_SECONDS = 15 * 60;
const STEP_SECONDS = 10;
const RECENT_SECONDS = 10;

const GROUPS = [
  [CHANGES_GROUP, CHANGES_TOPIC],
  [SALARIES_GROUP, SALARIES_TOPIC],
] as const;

/** How each part of the page is read. */
export function createReaders(dependencies: ReaderDependencies): Readers {
  const { ledger, conditions, backlog, topics, history, salaries, deadLetters, verification, now } = dependencies;
  const poller = new PollerWatch(ledger, now);
  const latency = new LatencyReader(history, now);
  return {
    poller: () => poller.read(),
    // The position of the same moment, which `poller` has just begun to read.
    backlog: async () => backlog.read((await poller.latest()).since),
    groups: () => Promise.all(GROUPS.map(([group, topic]) => readGroup(topics, group, topic))),
    latency: () => latency.read(),
    salaries: () => salaries.overview(NEWEST_FILES),
    deadLetters: () => deadLetters.overview(),
    agreement: () => verification.read(),
    conditions: () => conditions.read(),
  };
}

/** A topic that does not exist is no failure of Kafka. */
async function readGroup(topics: ReaderDependencies['topics'], group: string, topic: string): Promise<GroupProgress> {
  try {
    return await readProgress(topics, group, topic);
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'PIPE_TOPIC_MISSING') throw error;
    return { group, topic, isMissing: true, partitions: [] };
  }
}

async function readProgress(
  topics: ReaderDependencies['topics'],
  group: string,
  topic: string,
): Promise<GroupProgress> {
  // In this order, so that a record that is consumed meanwhile does not look like a negative lag.
  const committed = await topics.committedOffsets(group, topic);
  const { partitions } = await topics.describe(topic);
  return {
    group,
    topic,
    partitions: partitions.map(({ startOffset, endOffset }, partition) => {
      const next = nextOffset(committed[partition] ?? startOffset, startOffset, endOffset);
      return { partition, end: endOffset, next, lag: endOffset - next };
    }),
  };
}

/** A group continues at the oldest record that is left, and not beyond the end. */
function nextOffset(committed: bigint, start: bigint, end: bigint): bigint {
  if (committed > end) return end;
  return committed < start ? start : committed;
}

type LatencyHistory = ReaderDependencies['history'];

/** Reads the window only when it has moved on by a step, because it is the most expensive reading of the page. */
class LatencyReader {
  readonly #history: LatencyHistory;
  readonly #now: () => Date;
  #window: (Omit<LatencyWindow, 'recentMs' | 'perSecond'> & { readonly readAtMs: number }) | undefined;

  constructor(history: LatencyHistory, now: () => Date) {
    this.#history = history;
    this.#now = now;
  }

  async read(): Promise<LatencyWindow> {
    const ageMs = Math.abs(this.#now().getTime() - (this.#window?.readAtMs ?? Number.NEGATIVE_INFINITY));
    if (this.#window === undefined || ageMs >= STEP_SECONDS * 1_000) this.#window = await this.#readWindow();
    const { readAtMs, ...window } = this.#window;
    const recent = await this.#history.total(CHANGES_GROUP, RECENT_SECONDS);
    return { ...window, recentMs: recent.latency?.p99Ms ?? 0, perSecond: recent.records / RECENT_SECONDS };
  }

  async #readWindow() {
    const readAtMs = this.#now().getTime();
    const series = await this.#history.series(CHANGES_GROUP, WINDOW_SECONDS, STEP_SECONDS);
    const whole = await this.#history.total(CHANGES_GROUP, WINDOW_SECONDS);
    const byStart = new Map(series.map((span) => [span.fromMs, span.latency?.p99Ms ?? null]));
    const stepMs = STEP_SECONDS * 1_000;
    const lastMs = Math.floor(readAtMs / stepMs) * stepMs;
    const firstMs = lastMs - WINDOW_SECONDS * 1_000;
    const starts = Array.from({ length: WINDOW_SECONDS / STEP_SECONDS + 1 }, (_, index) => firstMs + index * stepMs);
    return {
      readAtMs,
      from: new Date(firstMs),
      until: new Date(lastMs),
      steps: starts.map((start) => ({ at: new Date(start), p99Ms: byStart.get(start) ?? null })),
      p50Ms: whole.latency?.p50Ms ?? null,
      p99Ms: whole.latency?.p99Ms ?? null,
      greatestMs: whole.latency?.greatestMs ?? null,
    };
  }
}
