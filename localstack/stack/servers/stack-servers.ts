import type { StackEndpoints } from '../endpoints.ts';
import type { PortName } from '../process/ports.ts';
import type { Server } from '../process/server.ts';
import { BuiltinS3Server } from './builtin-s3-server.ts';
import { DynamoDbServer } from './dynamodb-server.ts';
import { KafkaServer } from './kafka-server.ts';
import { MinioServer } from './minio-server.ts';
import { PostgresServer } from './postgres-server.ts';

export const serverNames = ['kafka', 'sourceDatabase', 'targetDatabase', 's3', 'dynamodb'] as const;
export type ServerName = (typeof serverNames)[number];

export type S3ServerKind = 'builtin' | 'minio';

/** The AWS SDK needs some credentials, MinIO at least eight characters, DynamoDB Local only letters and digits. */
const credentials = { accessKeyId: 'localaccesskey', secretAccessKey: 'localsecretkey' };
/** The AWS SDK needs a region; the servers ignore it. */
const region = 'us-east-1';

export interface StackServersOptions {
  readonly directory: string;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly s3: S3ServerKind;
}

export function createServers({ directory, ports, s3 }: StackServersOptions): Record<ServerName, Server> {
  return {
    kafka: new KafkaServer({ directory, port: ports.kafka, controllerPort: ports.kafkaController }),
    sourceDatabase: new PostgresServer({
      ...{ name: 'sourceDatabase', database: 'source' },
      ...{ directory, port: ports.sourceDatabase },
    }),
    targetDatabase: new PostgresServer({
      ...{ name: 'targetDatabase', database: 'target' },
      ...{ directory, port: ports.targetDatabase },
    }),
    s3:
      s3 === 'minio'
        ? new MinioServer({ directory, port: ports.s3, notificationPort: ports.s3Notifications, ...credentials })
        : new BuiltinS3Server({ directory, port: ports.s3, ...credentials }),
    dynamodb: new DynamoDbServer({ directory, port: ports.dynamodb }),
  };
}

/** The endpoints of these servers; those of servers that are not started are empty. */
export function serverEndpoints(
  addresses: Readonly<Partial<Record<ServerName, string>>>,
  lambdaPort: number,
): StackEndpoints {
  const { kafka, sourceDatabase = '', targetDatabase = '', s3 = '', dynamodb = '' } = addresses;
  return {
    s3: { endpoint: s3, region, bucket: '', ...credentials },
    kafka: { brokers: kafka === undefined ? [] : [kafka] },
    sourceDatabaseUrl: sourceDatabase,
    targetDatabaseUrl: targetDatabase,
    dynamodb: { endpoint: dynamodb, offsetTable: '' },
    lambda: { endpoint: `http://127.0.0.1:${lambdaPort}` },
    dashboardUrl: null,
    metricsUrl: '',
  };
}
