import { endpointsPath, type StackEndpoints } from './endpoints.ts';

/** That the stack is ready, and its addresses, one on each line. */
export function readyMessage(endpoints: StackEndpoints, directory: string): string {
  const lines = [
    ['Kafka', endpoints.kafka.brokers.join(',')],
    ['source database', endpoints.sourceDatabaseUrl],
    ['target database', endpoints.targetDatabaseUrl],
    ['S3', `${endpoints.s3.endpoint}/${endpoints.s3.bucket}`],
    ['DynamoDB', endpoints.dynamodb.endpoint],
    ['functions', endpoints.lambda.endpoint],
    ...(endpoints.dashboardUrl === null ? [] : [['dashboard', endpoints.dashboardUrl]]),
    ['metrics', endpoints.metricsUrl],
  ];
  const table = lines.map(([name, address]) => `  ${name?.padEnd(16)} ${address}`).join('\n');
  return `\nReady. These addresses are also in ${endpointsPath(directory)}:\n${table}\n`;
}
