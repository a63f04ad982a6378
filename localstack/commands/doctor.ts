import { parseArgs } from 'node:util';
import { examineMachine, formatReport } from '../stack/doctor/doctor.ts';
import { stackDirectory } from '../stack/user-path.ts';
import { DIRECTORY_USAGE, directoryOption, runCommand } from './run-command.ts';

const USAGE = `npm run doctor [-- --json] [--directory DIR]
  --json           print one JSON array instead of a table
${DIRECTORY_USAGE}`;

/** `npm run doctor`: shows what this machine has and lacks for the local stack. Exit code 1 when it cannot start. */
await runCommand(USAGE, async (args) => {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean', default: false }, directory: directoryOption },
  });
  const { signal } = new AbortController();
  const findings = await examineMachine({ directory: stackDirectory(values.directory), signal });
  console.log(values.json ? JSON.stringify(findings) : formatReport(findings));
  if (findings.some(({ state }) => state === 'missing')) process.exitCode = 1;
});
