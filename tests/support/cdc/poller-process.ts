/** A poller in a process of its own, so that it can be killed and frozen like one. Tells its parent what it does. */
import type { CdcSettings } from './settings.ts';
import { openPoller } from './wiring.ts';

const settings = JSON.parse(process.argv[2] ?? '') as CdcSettings;
/** Dies without a word behind this many acknowledged publications, before the position is saved. */
const dieAfter = Number(process.argv[3] ?? Number.POSITIVE_INFINITY);
let publications = 0;

const tell = (message: object) => process.send?.(message);
const logger = {
  debug: () => {},
  info: (message: string, details: object) => tell({ message, ...details }),
  warn: (message: string, details: object) => tell({ message, ...details }),
};
const { poller } = await openPoller(settings, logger, {
  onPublished: (records) => {
    publications += 1;
    if (publications >= dieAfter) process.kill(process.pid, 'SIGKILL');
    tell({ published: records.length });
  },
});
process.on('disconnect', () => process.exit(0));
const untilMs = performance.now() + 600_000;
tell({ ready: true });
try {
  tell({ result: await poller.run(untilMs) });
} catch (error) {
  tell({ failed: (error as { code?: string }).code ?? String(error) });
}
process.disconnect();
