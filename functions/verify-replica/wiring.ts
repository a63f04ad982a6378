import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../adapters/dynamodb/dynamo-client.ts';
import { DynamoPollerLedger } from '../adapters/dynamodb/dynamo-poller-ledger.ts';
import type { KafkaSettings } from '../adapters/kafka/kafka-client.ts';
import { KafkaTopicInspector } from '../adapters/kafka/kafka-topic-inspector.ts';
import { Database, type DatabaseSettings } from '../adapters/postgres/database.ts';
import { COMPARISON_SESSION } from '../adapters/postgres/employees-table.ts';
import { PostgresChangeSource } from '../adapters/postgres/postgres-change-source.ts';
import { PostgresEmployeeHashes } from '../adapters/postgres/postgres-employee-hashes.ts';
import { PostgresEmployeeRepair } from '../adapters/postgres/postgres-employee-repair.ts';
import { PostgresReplicaEvidence } from '../adapters/postgres/postgres-replica-evidence.ts';
import { PostgresSalaryAudit } from '../adapters/postgres/postgres-salary-audit.ts';
import { PostgresSourceEvidence } from '../adapters/postgres/postgres-source-evidence.ts';
import { PostgresVerificationStore } from '../adapters/postgres/postgres-verification-store.ts';
import { createS3Client } from '../adapters/s3/s3-client.ts';
import { S3ObjectStore } from '../adapters/s3/s3-object-store.ts';
import type { ChangeRule } from '../core/change-rules.ts';
import type { SalaryFilter } from '../core/salary-rules.ts';
import type { Clock } from '../ports/clock.ts';
import type { VerificationStore } from '../ports/verification-store.ts';
import { ArrivalWait } from './arrival-wait.ts';
import { CandidateJudge } from './candidate-judge.ts';
import { ReplicaVerifier } from './replica-verifier.ts';
import { SalaryVerifier } from './salary-verifier.ts';
import { SliceVerifier } from './slice-verifier.ts';

export interface VerifierSettings {
  readonly kafka: KafkaSettings;
  /**
   * Where the changes are published, where those that fail are, and the groups by which they are applied and indexed. No
   * `deadLetterGroup` where nothing indexes dead letters.
   */
  readonly changes: {
    readonly topic: string;
    readonly group: string;
    readonly deadLetterTopic: string;
    readonly deadLetterGroup?: string;
  };
  readonly sourceDatabase: DatabaseSettings;
  readonly targetDatabase: DatabaseSettings;
  readonly offsetTable: string;
  readonly rules: readonly ChangeRule[];
  /** Which rows of salary files are kept. */
  readonly filter: SalaryFilter;
  readonly clock: Clock;
  /** For a DynamoDB that is not the one of Lambda's own account and region. */
  readonly dynamo?: DynamoDBClientConfig;
}

export interface VerifierConnections {
  readonly replicaVerifier: ReplicaVerifier;
  readonly salaryVerifier: SalaryVerifier;
  readonly store: VerificationStore;
  close(): Promise<void>;
}

/** A sum of the next rows, the two reads of one comparison, and the evidence. */
const CONNECTIONS = { maxConnections: 3, sessionSettings: COMPARISON_SESSION };

/** Nothing is connected yet: each client connects at its first use. */
export async function openVerifier(settings: VerifierSettings): Promise<VerifierConnections> {
  const { rules, clock, filter } = settings;
  const now = () => new Date();
  const { topic, group, deadLetterTopic, deadLetterGroup } = settings.changes;
  const sourceDatabase = await Database.open({ ...settings.sourceDatabase, ...CONNECTIONS });
  const targetDatabase = await Database.open({ ...settings.targetDatabase, ...CONNECTIONS });
  // Without the settings for comparisons: all rows are read, and in parallel.
  const salaryDatabase = await Database.open(settings.targetDatabase);
  const inspector = new KafkaTopicInspector(settings.kafka);
  const dynamo = createDynamoClient(settings.dynamo);
  const ledger = new DynamoPollerLedger(dynamo, settings.offsetTable);
  const source = new PostgresEmployeeHashes(sourceDatabase);
  const replica = new PostgresEmployeeHashes(targetDatabase);
  const sourceEvidence = new PostgresSourceEvidence(sourceDatabase);
  const replicaEvidence = new PostgresReplicaEvidence(targetDatabase, deadLetterTopic);
  const deadLetters =
    deadLetterGroup === undefined ? {} : { deadLetters: { topic: deadLetterTopic, group: deadLetterGroup } };
  const arrival = new ArrivalWait({
    ...{ ledger, source: sourceEvidence, inspector, clock, topic, group },
    ...deadLetters,
  });
  const judge = new CandidateJudge({ source: sourceEvidence, replica: replicaEvidence, ledger, rules });
  const store = new PostgresVerificationStore(targetDatabase);
  return {
    replicaVerifier: new ReplicaVerifier({
      ...{ source, replica, replicaEvidence, ledger, arrival, store, clock },
      changeSource: new PostgresChangeSource(sourceDatabase),
      sliceVerifier: new SliceVerifier({ judge, arrival, clock }),
      employeeRepair: new PostgresEmployeeRepair(sourceDatabase),
      now,
    }),
    salaryVerifier: new SalaryVerifier({
      ...{ filter, clock, now },
      store: new S3ObjectStore(createS3Client()),
      audit: new PostgresSalaryAudit(salaryDatabase),
      verifications: store,
    }),
    store,
    close: async () => {
      await Promise.all([
        inspector.disconnect(),
        sourceDatabase.close(),
        targetDatabase.close(),
        salaryDatabase.close(),
      ]);
      dynamo.destroy();
    },
  };
}
