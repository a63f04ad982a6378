import { examineMachine, formatReport } from '../stack/doctor/doctor.ts';
import { printJson, printResult } from './terminal/output.ts';
import { createProgram, directoryOption, NEEDS_ATTENTION, runCommand } from './terminal/program.ts';

/** `npm run doctor`: shows what this machine has and lacks for the local stack. Exit code 1 when it cannot start. */
const program = createProgram('npm run doctor', 'Shows what this machine has and lacks for the local stack.')
  .option('--json', 'print one JSON array on one line')
  .addOption(directoryOption())
  .action(async ({ json, directory }) => {
    const findings = await examineMachine({ directory, signal: new AbortController().signal });
    if (json) printJson(findings);
    else printResult(formatReport(findings));
    if (findings.some(({ state }) => state === 'missing')) process.exitCode = NEEDS_ATTENTION;
  });

await runCommand(program);
