/** A verification in a process of its own, which kills itself at a step. Exits when it ends without that step. */
import { PostgresEmployeeHashes } from '../../../functions/adapters/postgres/postgres-employee-hashes.ts';
import { PostgresEmployeeRepair } from '../../../functions/adapters/postgres/postgres-employee-repair.ts';
import { PostgresVerificationStore } from '../../../functions/adapters/postgres/postgres-verification-store.ts';
import { ArrivalWait } from '../../../functions/verify-replica/arrival-wait.ts';
import { CandidateJudge } from '../../../functions/verify-replica/candidate-judge.ts';
import { dieAtCall, parseStep, prototypeWith } from '../die-at-call.ts';
import type { CdcSettings } from './settings.ts';
import { openTestVerifier, verifyRequest } from './verifier.ts';

export interface VerifierTask {
  /** That of the pipeline's event source. */
  readonly group: string;
  readonly isRepair: boolean;
  /** When the process dies, e.g. `after publishImages 2`: when the second call has ended. */
  readonly diesAt: string;
}

/** What the steps are named after. */
const CLASSES = [
  PostgresEmployeeHashes,
  PostgresEmployeeRepair,
  PostgresVerificationStore,
  ArrivalWait,
  CandidateJudge,
];

const settings = JSON.parse(process.argv[2] ?? '') as CdcSettings;
const { group, isRepair, diesAt } = JSON.parse(process.argv[3] ?? '') as VerifierTask;
process.on('disconnect', () => process.exit(0));
const { method, ...death } = parseStep(diesAt);
dieAtCall(prototypeWith(method, CLASSES), method, death);
const { replicaVerifier } = await openTestVerifier(settings, group);
await replicaVerifier.verify(verifyRequest({ isRepair }));
process.exit(0);
