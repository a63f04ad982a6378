import pg from 'pg';
import { seedSource } from '../../localstack/commands/demo/changes.ts';
import type { S3ServerKind } from '../../localstack/stack/servers/stack-servers.ts';
import { TemporaryStack } from '../../localstack/stack/temporary-stack.ts';
import { describeChanges } from './pipelines/describe-changes.ts';
import { describeDeadLetters } from './pipelines/describe-dead-letters.ts';
import { describeSalaries } from './pipelines/describe-salaries.ts';
import { LIMIT_MS, type PipelineRun } from './pipelines/pipeline-run.ts';

/**
 * Tests both pipelines from outside, on a whole stack with one kind of S3 server.
 *
 * @param describeMore tests that come after them on the same stack.
 */
export function describePipelines(s3: S3ServerKind, describeMore: (run: () => PipelineRun) => void = () => {}): void {
  const notices: string[] = [];
  const stack = new TemporaryStack({
    onNotice: (line) => notices.push(line),
    s3,
    beforeFunctions: ({ sourceDatabaseUrl }) => seedSource(sourceDatabaseUrl),
  });
  let run: PipelineRun | undefined;

  beforeAll(async () => {
    const endpoints = await stack.start().catch((cause) => {
      throw new Error(`The stack did not start:\n${notices.join('\n')}`, { cause });
    });
    const target = new pg.Client({ connectionString: endpoints.targetDatabaseUrl });
    await target.connect();
    run = { stack, endpoints, target };
  }, LIMIT_MS);

  afterAll(async () => {
    await run?.target.end();
    await stack.stop();
  }, LIMIT_MS);

  const getRun = () => run as PipelineRun;
  describeSalaries(getRun);
  describeChanges(getRun);
  describeDeadLetters(getRun);
  describeMore(getRun);
}
