/** Prints a line `INDEX TIME` per record: when the function was invoked with it, in milliseconds since 1970. */
import { LambdaClient } from '../../../localstack/event-sources/invoke/lambda-client.ts';
import { readTask } from './loop-task.ts';
import { benchSource } from './source.ts';

const task = readTask();
const client = new LambdaClient({ endpoint: task.lambda });
const sources = benchSource(task, 'bench-local-stamp', 0, {
  async invoke(request) {
    const outcome = await client.invoke(request);
    if (outcome.kind !== 'success') throw new Error(`the function has to succeed, got ${outcome.kind}`);
    const { at } = JSON.parse(outcome.body) as { at: number };
    const { records } = JSON.parse(request.payload) as { records: Record<string, { value: string }[]> };
    for (const { value } of Object.values(records).flat()) {
      process.stdout.write(`${Buffer.from(value, 'base64').toString().trim()} ${at}\n`);
    }
    return outcome;
  },
});
process.on('SIGTERM', () => void sources.stop().finally(() => process.exit(0)));
await sources.start();
process.stdout.write('ready\n');
