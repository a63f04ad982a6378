import type { S3ServerKind } from '../servers/stack-servers.ts';
import { dockerAlternative } from '../tools/install-hints.ts';
import type { CheckOptions, Finding } from './finding.ts';
import { checkDirectories, checkMemory, checkNode, checkOpenFiles, checkShell } from './machine-checks.ts';
import { checkPorts } from './port-checks.ts';
import { checkCache, checkJars, checkJava, checkMaven, checkPostgres, checkS3 } from './tool-checks.ts';

export interface DoctorOptions extends CheckOptions {
  readonly s3?: S3ServerKind;
}

/** Everything that `npm start` needs on this machine, in the order of a report. Changes nothing. */
export async function examineMachine({ s3 = 'builtin', ...options }: DoctorOptions): Promise<Finding[]> {
  return (
    await Promise.all([
      checkNode(),
      checkShell(),
      checkJava(options),
      checkMaven(),
      checkJars(true, options),
      checkPostgres(),
      checkS3(s3),
      checkPorts(options),
      checkMemory(),
      checkOpenFiles(options),
      checkCache(),
      checkDirectories(options),
    ])
  ).flat();
}

/**
 * The checks that decide whether a start can succeed, without those that only inform.
 *
 * @throws with one line for each thing that is missing.
 */
export async function requireMachine({ s3 = 'builtin', ...options }: DoctorOptions): Promise<void> {
  const checks = [
    checkShell(),
    checkJava(options),
    checkPostgres(),
    checkS3(s3),
    checkOpenFiles(options),
    checkCache(),
    checkDirectories(options),
  ];
  const missing = (await Promise.all(checks)).flat().filter(({ state }) => state === 'missing');
  if (missing.length === 0) return;
  const hint = missing.some(({ subject }) => subject === 'Java') ? dockerAlternative : '';
  throw new Error(`${missing.map(describeFinding).join('\n')}${hint}`);
}

export function describeFinding({ subject, found, remedy }: Finding): string {
  return `${subject}: ${found}${remedy === undefined ? '' : `: ${remedy}`}`;
}

const SYMBOLS: Record<Finding['state'], string> = { ok: 'ok', warning: 'note', missing: 'MISSING' };

/** One line for each finding, and its remedy below. */
export function formatReport(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const lines = findings.flatMap(({ subject, state, found, remedy }) => [
    `${SYMBOLS[state].padEnd(8)}${subject.padEnd(width)}  ${found}`,
    ...(remedy === undefined ? [] : [`${' '.repeat(8 + width)}  -> ${remedy}`]),
  ]);
  const missing = findings.filter(({ state }) => state === 'missing').map(({ subject }) => subject);
  const verdict =
    missing.length === 0
      ? 'The stack can start: npm start'
      : `The stack cannot start. Missing: ${missing.join(', ')}. See the commands above${dockerAlternative}.`;
  return `${lines.join('\n')}\n\n${verdict}`;
}
