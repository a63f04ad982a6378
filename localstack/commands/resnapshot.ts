import { createDynamoDbClient } from '../stack/aws-clients.ts';
import { readEndpoints } from '../stack/endpoints.ts';
import { PollerState, type State, stateOf } from './poller-state.ts';
import { readWhileRunning } from './read-while-running.ts';
import type { Functions } from './stage/functions.ts';
import { openFunctions, type StackChoice } from './stage/open-functions.ts';
import { StageOperator } from './stage/stage-operator.ts';
import { commandFor, onStage, regionOption, stageOption } from './stage/stage-options.ts';
import { confirm } from './terminal/confirm.ts';
import { printResult } from './terminal/output.ts';
import { createProgram, directoryOption, runCommand } from './terminal/program.ts';
import { waitUntil } from './wait-until.ts';

const POLLER_NAME = 'poll-changes';
/** Should the invocation below fail, the schedule starts a poller within a minute. */
const START_TIMEOUT_MS = 100_000;
const SNAPSHOT_TIMEOUT_MS = 600_000;
const POLL_INTERVAL_MS = 250;

/** `npm run resnapshot`: publishes a new snapshot of the source's employees. Meanwhile the target keeps all its rows. */
const program = createProgram(
  'npm run resnapshot',
  'Reads all employees of the source again and publishes them, after asking. Meanwhile the target keeps all its rows.',
)
  .option('--yes', 'do not ask for confirmation')
  .addOption(stageOption())
  .addOption(regionOption())
  .addOption(directoryOption())
  .action(async ({ yes, ...choice }) => {
    const functions = await openFunctions(choice);
    const question = `Read all employees of the source database${onStage(choice.stage)} again and publish them?`;
    if (!yes && !(await confirm(question, commandFor('npm run resnapshot -- --yes', choice.stage)))) {
      printResult('Cancelled: nothing was changed.');
      return;
    }
    const { requestSnapshot, read, close } = await openPollerState(functions, choice);
    try {
      await requestSnapshot();
      await followSnapshot(functions, () => readWhileRunning(read, choice));
    } finally {
      close();
    }
  });

interface OpenPollerState {
  readonly requestSnapshot: () => Promise<void>;
  readonly read: () => Promise<State>;
  readonly close: () => void;
}

/** The state of the poller, of a stage through its function watch-replica. */
async function openPollerState(functions: Functions, { stage, directory }: StackChoice): Promise<OpenPollerState> {
  if (stage !== undefined) {
    const operator = new StageOperator(functions);
    const read = async () => stateOf((await operator.describe()).poller);
    return { requestSnapshot: () => operator.requestSnapshot(), read, close: () => {} };
  }
  const endpoints = await readEndpoints(directory);
  const client = createDynamoDbClient(endpoints);
  const state = new PollerState(client, endpoints.dynamodb.offsetTable);
  const requestSnapshot = () =>
    state.requestSnapshot().catch((cause: Error) => {
      throw new Error(
        `DynamoDB at ${endpoints.dynamodb.endpoint} did not accept the request: ${cause.message}. ` +
          `Check that the stack of ${directory} is still running.`,
        { cause },
      );
    });
  return { requestSnapshot, read: () => state.read(), close: () => client.destroy() };
}

async function followSnapshot(functions: Functions, read: () => Promise<State>): Promise<void> {
  const { isPollerRunning } = await read();
  if (isPollerRunning) {
    printResult('Snapshot requested: the running poller starts it within seconds.');
  } else {
    // A poller that waits for an operator has ended, and the schedule starts the next one only within a minute.
    const started = await functions.invokeAsync(POLLER_NAME, {}).then(
      () => 'so one is started',
      (error: Error) => `and the schedule starts one within a minute, because it cannot be invoked: ${error.message}`,
    );
    printResult(`Snapshot requested: no poller is running, ${started}.`);
  }
  await untilStarted(read);
  await untilPublished(read);
}

/** The poller removes the request when it starts the snapshot. */
async function untilStarted(read: () => Promise<State>): Promise<void> {
  await waitUntil(async () => !(await read()).isSnapshotRequested, {
    withinMs: START_TIMEOUT_MS,
    everyMs: POLL_INTERVAL_MS,
    onTimeout: () =>
      `No poller started the snapshot within ${START_TIMEOUT_MS / 1_000} s. The request remains: ` +
      'look at the log of poll-changes.',
  });
  printResult('Snapshot started.');
}

async function untilPublished(read: () => Promise<State>): Promise<void> {
  const { epoch } = await read();
  let lastEmployeeId: number | null | undefined;
  const isPublished = async () => {
    const now = await read();
    if (now.progress?.phase === 'stream') return true;
    if (now.epoch !== epoch) throw new Error('Another snapshot was requested meanwhile, which replaces this one.');
    lastEmployeeId = now.progress?.afterEmpId;
    return false;
  };
  await waitUntil(isPublished, {
    withinMs: SNAPSHOT_TIMEOUT_MS,
    everyMs: POLL_INTERVAL_MS,
    onTimeout: () =>
      `The snapshot is not published after ${SNAPSHOT_TIMEOUT_MS / 60_000} minutes. It continues after emp_id ` +
      `${lastEmployeeId}: see "npm run status".`,
  });
  printResult(
    'Snapshot published: all employees are on the topic. When the target has applied them, it deletes the rows that ' +
      'the source does not have.',
  );
}

await runCommand(program);
