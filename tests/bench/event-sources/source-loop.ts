/** Does the same as the bare loop with the event source. */
import { LambdaClient } from '../../../localstack/event-sources/invoke/lambda-client.ts';
import { readTask, Stopwatch } from './loop-task.ts';
import { benchSource } from './source.ts';

const task = readTask();
const stopwatch = new Stopwatch(task.records);
const client = new LambdaClient({ endpoint: task.lambda });
const sources = benchSource(task, 'bench-local-noop', 1, {
  async invoke(request) {
    stopwatch.begin();
    return client.invoke(request);
  },
});
let committed = 0;
// As in the bare loop, a record counts when its offset is committed.
const watch = setInterval(() => {
  const now = sources.metrics().mappings['Mapping']?.CommittedEventCount ?? 0;
  stopwatch.recordFinished(now - committed);
  committed = now;
}, 5);
await sources.start();
const result = await stopwatch.finished;
clearInterval(watch);
await sources.stop();
client.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
