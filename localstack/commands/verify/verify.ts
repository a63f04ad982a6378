import { openFunctions } from '../stage/open-functions.ts';
import { commandFor, onStage, regionOption, stageOption } from '../stage/stage-options.ts';
import { confirm } from '../terminal/confirm.ts';
import { formatCount } from '../terminal/figures.ts';
import { printJson, printProgress, printResult } from '../terminal/output.ts';
import {
  createProgram,
  directoryOption,
  NEEDS_ATTENTION,
  runCommand,
  UsageError,
  wholeNumber,
} from '../terminal/program.ts';
import { paintFor, widthOf } from '../terminal/style.ts';
import { VerifyFunction, type VerifyOptions } from './verify-function.ts';
import { isWell, reportJson, reportText, totalsOf, type VerifyReport } from './verify-report.ts';

/** Smaller: a verification of seconds shows its progress. */
const QUIET_MS = 3_000;

/** `npm run verify`: proves that both databases have the same employees, and that totals and counts are those of the rows. */
const program = createProgram(
  'npm run verify',
  'Compares the employees of both databases, and the salaries’ totals and counts with the rows, while both pipelines run.',
)
  .option('--repair', 'correct what differs, after asking: the source is right, and nothing is paused')
  .option('--dry-run', 'with --repair: say what would be corrected, and change nothing', false)
  .option('--deep', 'read the objects of the bucket again and compare them with the rows', false)
  .option('--rate <R>', 'with --repair: the number of rows a second (default: as many as possible)', wholeNumber(1))
  .option('--yes', 'do not ask for confirmation', false)
  .option('--json', 'print one JSON object on one line', false)
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async ({ repair = false, dryRun, deep, rate, yes, json, ...choice }) => {
    if (!repair && (dryRun || rate !== undefined)) {
      throw new UsageError(`Expected ${dryRun ? '--dry-run' : '--rate'} together with --repair.`);
    }
    const verifyFunction = new VerifyFunction(await openFunctions(choice));
    const verify = async (isRepair: boolean): Promise<VerifyReport> => {
      const options = { isRepair, repairsPerSecond: rate ?? null, isDeep: deep };
      return { ...(await verifyBoth(verifyFunction, options)), isDryRun: dryRun };
    };
    let report = await verify(repair && !dryRun && yes);
    if (repair && !dryRun && !yes && !isWell(report) && (await confirmRepair(report, choice.stage)))
      report = await verify(true);
    if (json) printJson(reportJson(report));
    else
      printResult(
        reportText(report, { paint: paintFor(process.stdout), width: widthOf(process.stdout), stage: choice.stage }),
      );
    if (!isWell(report)) process.exitCode = NEEDS_ATTENTION;
  });

async function verifyBoth(verifyFunction: VerifyFunction, options: VerifyOptions) {
  const begunAt = performance.now();
  const employees = await verifyFunction.verifyEmployees(options, (slice, rows) => {
    if (performance.now() - begunAt < QUIET_MS) return;
    printProgress(`slice ${slice + 1} of 12: ${formatCount(rows)} rows`);
  });
  return { employees, salaries: await verifyFunction.verifySalaries(options) };
}

async function confirmRepair({ employees, salaries }: VerifyReport, stage: string | undefined): Promise<boolean> {
  const { different } = totalsOf(employees);
  if (different + salaries.differences === 0) return false;
  const question =
    `Correct ${formatCount(different)} employees of the target and ${formatCount(salaries.differences)} places of the ` +
    `salaries${onStage(stage)}?`;
  return confirm(question, commandFor('npm run verify -- --repair --yes', stage));
}

await runCommand(program);
