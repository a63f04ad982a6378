/** A poller in a process of its own. Sends its parent what it logs, publishes and ends with. */
import type { CdcSettings } from './settings.ts';
import { openPoller } from './wiring.ts';

const settings = JSON.parse(process.argv[2] ?? '') as CdcSettings;
/** Kills itself after this many acknowledged publications, before it can save the position. */
const dieAfter = Number(process.argv[3] ?? Number.POSITIVE_INFINITY);
let publicationCount = 0;

const send = (message: object) => process.send?.(message);
const logger = {
  debug: () => {},
  info: (message: string, context: object) => send({ message, ...context }),
  warn: (message: string, context: object) => send({ message, ...context }),
};
const { poller } = await openPoller(settings, logger, {
  onPublished: (records) => {
    publicationCount += 1;
    if (publicationCount >= dieAfter) process.kill(process.pid, 'SIGKILL');
    send({ published: records.length });
  },
});
process.on('disconnect', () => process.exit(0));
const untilMs = performance.now() + 600_000;
send({ ready: true });
try {
  send({ result: await poller.run(untilMs) });
} catch (error) {
  send({ failed: (error as { code?: string }).code ?? String(error) });
}
process.disconnect();
