import { PipelineError } from '../core/errors.ts';
import { nearestNames } from '../core/nearest-names.ts';
import type { Redrive, RedriveCount, RedriveRequest } from '../core/redrive.ts';
import { CHANGES_DEAD_LETTER_TOPIC, SALARIES_DEAD_LETTER_TOPIC } from '../core/topics.ts';
import type { RedriveLedger } from '../ports/redrive-ledger.ts';

const DEAD_LETTER_TOPICS = [CHANGES_DEAD_LETTER_TOPIC, SALARIES_DEAD_LETTER_TOPIC];

export interface PlanRequest extends RedriveRequest {
  /** Only counts, and claims nothing. */
  readonly dryRun: boolean;
}

export interface Plan {
  readonly counts: readonly RedriveCount[];
  /** `null` after a dry run, and when nothing matches. */
  readonly redrive: Redrive | null;
}

/** A request that is not carried out, and why. */
export interface RefusedRequest {
  readonly refusal: { readonly code: string; readonly reason: string };
}

/** Selects the dead letters of a redrive and claims them. Nothing is published yet. */
export async function planRedrive(request: PlanRequest, ledger: RedriveLedger): Promise<Plan | RefusedRequest> {
  const { topic, codes } = request.filter;
  if (topic !== undefined && !DEAD_LETTER_TOPICS.includes(topic)) {
    return refused('PIPE_REDRIVE_TOPIC', `expected ${DEAD_LETTER_TOPICS.join(' or ')}, found topic ${topic}`);
  }
  if (codes !== undefined) {
    const known = await ledger.knownCodes();
    const unknown = codes.find((code) => !known.includes(code));
    if (unknown !== undefined) return refused('PIPE_REDRIVE_CODE', unknownCode(unknown, known));
  }
  if (request.dryRun) return { counts: await ledger.count(request.filter), redrive: null };
  try {
    const redrive = await ledger.plan(request);
    return { counts: redrive?.counts ?? [], redrive };
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'PIPE_REDRIVE_IN_PROGRESS') throw error;
    return refused(error.code, error.message);
  }
}

function refused(code: string, reason: string): RefusedRequest {
  return { refusal: { code, reason } };
}

function unknownCode(code: string, known: readonly string[]): string {
  const nearest = nearestNames(code, known);
  const alike = nearest.length > 0 ? `; similar codes: ${nearest.join(', ')}` : '';
  return `expected a code of a dead letter, found ${code}${alike}`;
}
