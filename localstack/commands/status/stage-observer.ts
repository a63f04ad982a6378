import { decodeTyped } from '../../../functions/core/typed-json.ts';
import type { Attention } from '../../../functions/core/verdict.ts';
import type { DashboardState, PollerStatus, Readings, StageStatus } from '../../../functions/ports/dashboard-state.ts';
import type { State } from '../poller-state.ts';
import type { Functions } from '../stage/functions.ts';
import { commandFor, commandsFor } from '../stage/stage-options.ts';
import type { StackStatus } from './stack-status.ts';
import { fileStatusOf, type TargetStatus, totalOf } from './target-status.ts';

/** Observes a deployed stage through its function dashboard, any number of times. */
export class StageObserver {
  readonly #functions: Pick<Functions, 'invoke'>;

  constructor(functions: Pick<Functions, 'invoke'>) {
    this.#functions = functions;
  }

  async observe(): Promise<StackStatus> {
    const answer = decodeTyped(await this.#functions.invoke('dashboard', { operation: 'status' }));
    const { state, observation } = answer as StageStatus;
    const { backlog, groups, poller } = state.readings;
    return {
      observation,
      source: backlog.value,
      target: targetOf(state.readings),
      // The size of the dead-letter topics is not read, because the ledger says what waits.
      kafka: groups.value && { topics: observation.topics ?? [], groups: groups.value, deadLetters: [] },
      poller: poller.value && pollerOf(poller.value),
    };
  }
}

/** What needs attention, with the commands for the stage. */
export function attentionOf(stage: string, attention: readonly Attention[]): Attention[] {
  return attention.map((each) => ({
    ...each,
    message: commandsFor(each.message, stage),
    command: each.command && commandFor(each.command, stage),
  }));
}

/** `null` when one of its parts could not be read; the observation says why. */
function targetOf(readings: DashboardState['readings']): TargetStatus | null {
  const [salaries, deadLetters, agreement, latency] = [
    readings.salaries.value,
    readings.deadLetters.value,
    readings.agreement.value,
    readings.latency.value,
  ];
  if (salaries === null || deadLetters === null || agreement === null || latency === null) return null;
  return {
    totals: salaries.totals.map(totalOf),
    files: salaries.newest.map(fileStatusOf),
    standingFiles: salaries.standing,
    deadLetterCodes: deadLetters.groups,
    latency: latencyOf(latency),
    changesPerSecond: latency.perSecond,
    agreement,
  };
}

function latencyOf({ p50Ms, p99Ms, greatestMs }: Readings['latency']): TargetStatus['latency'] {
  if (p50Ms === null || p99Ms === null || greatestMs === null) return null;
  return { p50Ms, p99Ms, greatestMs };
}

function pollerOf({ isRunning, isSnapshotRequested, heartbeat, phase, snapshotAfter }: PollerStatus): State {
  return {
    isPollerRunning: isRunning,
    isSnapshotRequested,
    heartbeat,
    fencingToken: null,
    ...(phase !== 'none' && { progress: { phase, afterEmpId: snapshotAfter } }),
  };
}
