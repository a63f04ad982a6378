import { LambdaClient } from '@aws-sdk/client-lambda';
import { createDynamoClient } from '../adapters/dynamodb/dynamo-client.ts';
import { DynamoConditionReader } from '../adapters/dynamodb/dynamo-condition-reader.ts';
import { DynamoPollerLedger } from '../adapters/dynamodb/dynamo-poller-ledger.ts';
import { KafkaRecordReader } from '../adapters/kafka/kafka-record-reader.ts';
import { KafkaTopicInspector } from '../adapters/kafka/kafka-topic-inspector.ts';
import { LambdaFunctionCaller } from '../adapters/lambda/lambda-function-caller.ts';
import { LambdaFunctionInvoker } from '../adapters/lambda/lambda-function-invoker.ts';
import { Database } from '../adapters/postgres/database.ts';
import { PostgresCaptureBacklog } from '../adapters/postgres/postgres-capture-backlog.ts';
import { PostgresDeadLetterLedger } from '../adapters/postgres/postgres-dead-letter-ledger.ts';
import { PostgresDeadLetterView } from '../adapters/postgres/postgres-dead-letter-view.ts';
import { PostgresPipelineHistory } from '../adapters/postgres/postgres-pipeline-history.ts';
import { PostgresSalaryView } from '../adapters/postgres/postgres-salary-view.ts';
import { PostgresVerificationStore } from '../adapters/postgres/postgres-verification-store.ts';
import { failureReason } from '../core/condition.ts';
import { kafkaOf, type loadConfig, sourceDatabaseOf, targetDatabaseOf } from '../runtime/config.ts';
import { systemClock } from '../runtime/system-clock.ts';
import type { AppDependencies } from './app.ts';
import type { dashboardShape } from './config.ts';
import { Judge } from './judge.ts';
import type { OperationDependencies } from './operations.ts';
import { createReaders } from './readers.ts';
import { SharedState } from './shared-state.ts';

type Config = ReturnType<typeof loadConfig<typeof dashboardShape>>;

/** A slow query must not hold up the page or the pipelines. */
const STATEMENT_TIMEOUT_MS = 500;
/** Searching and counting many dead letters takes longer. The function ends after 29 s, and the command then has no reason. */
const OPERATION_TIMEOUT_MS = 20_000;
const CONNECTION_TIMEOUT_MS = 1_000;

/** The readings of one snapshot overlap, and so do pages that search. */
const TARGET_CONNECTIONS = 2;

interface Dashboard {
  readonly app: Omit<AppDependencies, 'assets' | 'logger'>;
  readonly operations: OperationDependencies;
}

/** Connects at the first request. */
export async function openDashboard(config: Config, name: string): Promise<Dashboard> {
  const limits = { statementTimeoutMs: STATEMENT_TIMEOUT_MS, connectionTimeoutMs: CONNECTION_TIMEOUT_MS };
  const [source, target, patientTarget] = await Promise.all([
    Database.open({ ...sourceDatabaseOf(config, name), ...limits }),
    Database.open({ ...targetDatabaseOf(config, name), ...limits, maxConnections: TARGET_CONNECTIONS }),
    // It connects at the first command about dead letters.
    Database.open({ ...targetDatabaseOf(config, name), ...limits, statementTimeoutMs: OPERATION_TIMEOUT_MS }),
  ]);
  // One attempt: the next snapshot asks again.
  const dynamo = createDynamoClient({ maxAttempts: 1 });
  const salaries = new PostgresSalaryView(target);
  const lambda = new LambdaClient({ maxAttempts: 1 });
  const functions = {
    redrive: new LambdaFunctionCaller(lambda, config.REDRIVE_FUNCTION_NAME),
    redriveRun: new LambdaFunctionInvoker(lambda, config.REDRIVE_FUNCTION_NAME),
    verify: new LambdaFunctionInvoker(lambda, config.VERIFY_FUNCTION_NAME),
  };
  const now = () => new Date();
  const readers = createReaders({
    ledger: new DynamoPollerLedger(dynamo, config.OFFSET_TABLE),
    conditions: new DynamoConditionReader(dynamo, config.OFFSET_TABLE),
    backlog: new PostgresCaptureBacklog(source),
    topics: new KafkaTopicInspector(kafkaOf(config, name)),
    history: new PostgresPipelineHistory(target),
    salaries,
    deadLetters: new PostgresDeadLetterView(target),
    verification: new PostgresVerificationStore(target),
    now,
  });
  const state = new SharedState({
    ...{ readers, now, clock: systemClock, describeFailure: failureReason },
    refreshWaitMs: config.DASHBOARD_REFRESH_WAIT_MS,
  });
  const records = new KafkaRecordReader(kafkaOf(config, name));
  const shared = { stage: config.DASHBOARD_STAGE, state, records };
  return {
    app: {
      ...shared,
      clock: systemClock,
      judge: new Judge(),
      salaries,
      deadLetters: new PostgresDeadLetterLedger(target),
      ...functions,
    },
    operations: { ...shared, deadLetters: new PostgresDeadLetterLedger(patientTarget) },
  };
}
