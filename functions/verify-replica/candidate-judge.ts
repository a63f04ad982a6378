import type { ChangeRule } from '../core/change-rules.ts';
import { differingColumns, judgeRow, type ReplicaRow, type SourceRow, type Verdict } from '../core/replica-verdict.ts';
import type { ReplicaEvidence } from '../ports/replica-evidence.ts';
import type { SourceEvidence } from '../ports/source-evidence.ts';
import type { PollerLedger } from '../ports/poller-ledger.ts';
import { savedPosition } from './arrival-wait.ts';

/** A key whose rows differed. */
export interface Candidate {
  readonly empId: number;
  /** The change that was waited for; `null` before that. */
  readonly settledId: bigint | null;
}

export interface JudgedCandidate {
  readonly empId: number;
  readonly verdict: Verdict;
  readonly columns: readonly string[];
  readonly isInSource: boolean;
}

export interface CandidateJudgeDependencies {
  readonly source: SourceEvidence;
  readonly replica: ReplicaEvidence;
  readonly ledger: Pick<PollerLedger, 'read'>;
  readonly rules: readonly ChangeRule[];
}

/** For a position that an earlier version has saved: no change counts as part of the snapshot. */
const NOTHING_VISIBLE = '1:1:';

/** Reads both sides of some keys again, with their versions, and judges each. */
export class CandidateJudge {
  readonly #dependencies: CandidateJudgeDependencies;

  constructor(dependencies: CandidateJudgeDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws when there is no position yet, or a server is unreachable. */
  async judge(candidates: readonly Candidate[]): Promise<readonly JudgedCandidate[]> {
    const { source, replica, ledger, rules } = this.#dependencies;
    const position = savedPosition((await ledger.read())?.position ?? null);
    if (position === null) throw new Error('expected a saved position of poll-changes, found none');
    // The replica first: what it has then is never newer than what the source has.
    const found = await replica.read(candidates.map(({ empId }) => empId));
    const replicaRows = new Map(found.rows.map((row) => [row.empId, row]));
    const wanted = candidates.map(({ empId }) => ({
      empId,
      replicaChangeId: replicaRows.get(empId)?.version?.changeId ?? null,
    }));
    const { rows, truncateId } = await source.read(wanted, position.capture?.since ?? NOTHING_VISIBLE);
    const sourceRows = new Map(rows.map((row) => [row.empId, row]));
    const { watermark, isSweeping } = found;
    const context = { epoch: position.epoch, rules, truncateId, watermark, isSweeping };
    return candidates.flatMap(({ empId, settledId }) => {
      const [ours, theirs] = [sourceRows.get(empId), replicaRows.get(empId)];
      if (ours === undefined || theirs === undefined) return [];
      return [describe(ours, theirs, judgeRow(ours, theirs, context, settledId))];
    });
  }
}

function describe(source: SourceRow, replica: ReplicaRow, verdict: Verdict): JudgedCandidate {
  const columns = differingColumns(source.employee, replica.employee);
  return { empId: source.empId, verdict, columns, isInSource: source.employee !== null };
}
