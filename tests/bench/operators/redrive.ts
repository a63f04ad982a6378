import pg from 'pg';
import { KafkaDeadLetterQueue } from '../../../functions/adapters/kafka/kafka-dead-letter-queue.ts';
import { KafkaRecordPublisher } from '../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { type DeadLetter, deadLetterOfRecord } from '../../../functions/core/dead-letter.ts';
import { changeEncoder } from '../../../functions/core/employee-change.ts';
import { CHANGES_DEAD_LETTER_TOPIC, CHANGES_TOPIC } from '../../../functions/core/topics.ts';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import type { TemporaryStack } from '../../../localstack/stack/temporary-stack.ts';
import { say } from '../benchmark.ts';
import { round } from '../statistics.ts';
import { literalSettings } from '../transform-memory/function-settings.ts';
import type { OperatorsSection } from './section.ts';
import { type MeasuredHandler, startHandler } from './measured-handler.ts';

const DEAD_LETTERS = 100_000;
const PARTITIONS = 6;
const CALL = 1_000;
const WAIT_MS = 600_000;
const POLL_MS = 500;

export const redriveSection: OperatorsSection = { name: 'redrive', measure };

/**
 * Redrives 100,000 changes that the replica has newer versions of, while apply-changes receives them. Their dead letters are
 * published directly, because failing 100,000 changes one by one would take minutes.
 */
async function measure(stack: TemporaryStack, endpoints: StackEndpoints): Promise<Record<string, number>> {
  const target = new pg.Pool({ connectionString: endpoints.targetDatabaseUrl, max: 2 });
  const redrive = await startRedrive(stack, endpoints);
  try {
    say(`publishing ${DEAD_LETTERS} dead letters`);
    await publishDeadLetters(endpoints);
    await waitForCount(target, 'open');
    await target.query('vacuum analyze dead_letter');
    const plan = await redrive.run({ action: 'plan' });
    const { redriveId } = (plan.result as { redrive: { redriveId: string } }).redrive;
    say('redriving them');
    const run = await redrive.run({ action: 'run', redriveId });
    await waitForCount(target, 'resolved');
    const { rows } = await target.query<{ seconds: number; settled: number }>(
      `select extract(epoch from published_at - started_at)::float8 as seconds,
         extract(epoch from finished_at - started_at)::float8 as settled from redrive where redrive_id = $1`,
      [redriveId],
    );
    const { seconds = 0, settled = 0 } = rows[0] ?? {};
    return {
      redrivePerSecond: Math.round(DEAD_LETTERS / seconds),
      redrivePeakRssMb: run.peakRssMb,
      redrivePlanSeconds: round(plan.seconds),
      redriveSettledSeconds: round(settled),
    };
  } finally {
    await redrive.stop();
    await target.end();
  }
}

async function publishDeadLetters({ kafka: { brokers } }: StackEndpoints): Promise<void> {
  const publisher = new KafkaRecordPublisher({ brokers, auth: 'none', clientId: 'bench-redrive' });
  const queue = new KafkaDeadLetterQueue(publisher, CHANGES_DEAD_LETTER_TOPIC, 'apply-changes');
  const encode = changeEncoder(0n);
  const changedAt = `${new Date().toISOString().replace('T', ' ').replace('Z', '')}+00`;
  for (let first = 0; first < DEAD_LETTERS; first += CALL) {
    const deadLetters = Array.from({ length: CALL }, (_, index): DeadLetter => {
      const number = first + index;
      const empId = number + 1;
      const employee = { empId, firstName: 'First', lastName: 'Last', dob: '1980-02-29', city: 'City', salary: 1_000 };
      const value = Buffer.from(encode({ ...employee, changeId: '0', action: 'UPDATE', changedAt }));
      const place = { topic: CHANGES_TOPIC, partition: number % PARTITIONS, offset: String(10_000_000 + number) };
      const record = { ...place, timestampMs: 0, key: Buffer.from(String(empId)), value };
      return deadLetterOfRecord(record, 'PIPE_CHANGE_REFUSED', 'the target database refuses this change');
    });
    await queue.publish(deadLetters);
  }
  await publisher.disconnect();
}

async function waitForCount(target: pg.Pool, state: string): Promise<void> {
  const untilMs = performance.now() + WAIT_MS;
  for (;;) {
    const { rows } = await target.query<{ count: number }>(
      'select coalesce(sum(count), 0)::integer as count from dead_letter_count where state = $1',
      [state],
    );
    if ((rows[0]?.count ?? 0) >= DEAD_LETTERS) return;
    if (performance.now() > untilMs) throw new Error(`expected ${DEAD_LETTERS} ${state} dead letters, found fewer`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function startRedrive(stack: TemporaryStack, endpoints: StackEndpoints): Promise<MeasuredHandler> {
  // The limits of memory, as deployed.
  const { NODE_OPTIONS, MALLOC_ARENA_MAX } = literalSettings('redrive');
  return startHandler('redrive', stack, endpoints, {
    ...{ TRANSFORM_FUNCTION_NAME: 'unused', AWS_LAMBDA_FUNCTION_NAME: 'unused' },
    ...{ NODE_OPTIONS, MALLOC_ARENA_MAX },
  });
}
