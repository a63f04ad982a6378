import { setTimeout as delay } from 'node:timers/promises';
import type { Attention } from '../../../functions/core/verdict.ts';
import { readEndpoints } from '../../stack/endpoints.ts';
import { printJson } from '../terminal/output.ts';
import { paintFor, widthOf } from '../terminal/style.ts';
import { StackObserver } from './observer.ts';
import { renderStatus } from './render-status.ts';
import { type RenderOptions, renderVerdict } from './render-verdict.ts';
import { toJson } from './stack-status.ts';
import { attentionOf } from './stage-observer.ts';
import { describeStartingStack } from './starting-stack.ts';
import { StatusWatch, type Watched } from './status-watch.ts';

const INTERVAL_MS = 1_000;

/** Shows the status once a second, until the user interrupts it. */
export async function watchStatus(directory: string, logDirectory: string, json: boolean): Promise<never> {
  const screen: Screen = json ? JSON_LINES : await createScreen();
  let known = '';
  let watch: StatusWatch | undefined;
  for (;;) {
    const startedAt = performance.now();
    try {
      // A stack that was started again may have other addresses.
      const endpoints = await readEndpoints(directory);
      if (watch === undefined || JSON.stringify(endpoints) !== known) {
        known = JSON.stringify(endpoints);
        watch = new StatusWatch(await StackObserver.open(endpoints, logDirectory));
      }
      screen.show(await watch.look());
    } catch (error) {
      const starting = describeStartingStack(directory);
      // Without a stack at the beginning, the user has probably called it in the wrong place.
      if (watch === undefined && starting === undefined) throw error;
      screen.showAttention([starting ?? stoppedStack(error as Error)]);
    }
    await delay(Math.max(0, INTERVAL_MS - (performance.now() - startedAt)));
  }
}

/** The same of a deployed stage. What AWS refuses later is shown, and asked again. */
export async function watchStage(
  observer: Pick<StackObserver, 'observe'>,
  stage: string,
  json: boolean,
): Promise<never> {
  const screen: Screen = json ? JSON_LINES : await createScreen();
  const watch = new StatusWatch(observer);
  let isSeen = false;
  for (;;) {
    const startedAt = performance.now();
    try {
      const watched = await watch.look();
      isSeen = true;
      screen.show({ ...watched, attention: attentionOf(stage, watched.attention) });
    } catch (error) {
      if (!isSeen) throw error;
      screen.showAttention([silentStage(stage, error as Error)]);
    }
    await delay(Math.max(0, INTERVAL_MS - (performance.now() - startedAt)));
  }
}

function silentStage(stage: string, { message }: Error): Attention {
  return { code: 'PIPE_SERVER_UNAVAILABLE', subject: `stage ${stage}`, message, since: null, command: null };
}

function stoppedStack({ message }: Error): Attention {
  return { code: 'PIPE_SERVER_UNAVAILABLE', subject: 'the stack', message, since: null, command: 'npm start' };
}

interface Screen {
  show(watched: Watched): void;
  showAttention(attention: readonly Attention[]): void;
}

/** For programs: one object a second. */
const JSON_LINES: Screen = {
  show: ({ attention, status }) => printJson(toJson(attention, status)),
  showAttention: (attention) => printJson({ verdict: 'attention', attention }),
};

/** Replaces what it showed before. */
async function createScreen(): Promise<Screen> {
  const { default: updateLog } = await import('log-update');
  const paint = paintFor(process.stdout);
  const print = (render: (options: RenderOptions) => string) => {
    const now = new Date();
    const text = render({ paint, width: widthOf(process.stdout), now });
    const lines = `${text}\n\n${paint('dim', `${now.toLocaleTimeString('en-GB')}   Ctrl-C ends`)}`.split('\n');
    // What does not fit is left out below, so that the verdict stays.
    updateLog(lines.slice(0, Math.max(1, (process.stdout.rows ?? lines.length) - 1)).join('\n'));
  };
  return {
    show: (watched) => print((options) => renderStatus(watched, options)),
    showAttention: (attention) => print((options) => renderVerdict(attention, options)),
  };
}
