/** `npm start`, whose functions and S3 server run with clocks that a test sets. */
import type { Command } from '../../../localstack/stack/process/managed-process.ts';
import { BuiltinS3Server } from '../../../localstack/stack/servers/builtin-s3-server.ts';
import { ServerlessOffline } from '../../../localstack/stack/service/serverless-offline.ts';
import { type ClockedProcess, clockOptions } from './process-clocks.ts';

const { FAULTY_CLOCKS: directory = '' } = process.env;

function giveClock(server: { prepare(): Promise<Command> }, name: ClockedProcess): void {
  const { prepare } = server;
  server.prepare = async function (this: typeof server) {
    const command = await prepare.call(this);
    return { ...command, args: [...clockOptions(directory, name), ...command.args] };
  };
}

giveClock(ServerlessOffline.prototype, 'functions');
giveClock(BuiltinS3Server.prototype, 's3');
await import('../../../localstack/commands/start/start.ts');
