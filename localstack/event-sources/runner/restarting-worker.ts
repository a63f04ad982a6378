import { MessageChannel, type MessagePort, type Worker, type WorkerOptions } from 'node:worker_threads';
import { EventText } from './event-text.ts';

/** What serverless-offline sends to a function's thread. It expects the result, or an `Error`, on the port. */
interface InvocationMessage {
  readonly event: unknown;
  readonly context: unknown;
  readonly port: MessagePort;
}

/**
 * The worker thread of a function, with the two methods that serverless-offline calls. When the thread ends by itself (by
 * an exception outside of a promise, or by `process.exit`), its invocations fail at once and the next one starts a new
 * thread, as on AWS.
 */
export class RestartingWorker {
  readonly #startThread: () => Worker;
  /** Ports of the invocations that run. */
  readonly #pending = new Set<MessagePort>();
  #thread: Worker | undefined;

  /** @param onMetricLine gets the lines in CloudWatch's embedded metric format that the thread would print. */
  constructor(WorkerClass: typeof Worker, script: URL, options: WorkerOptions, onMetricLine?: (line: string) => void) {
    const workerData = { ...(options.workerData as object), takesMetricLines: onMetricLine !== undefined };
    this.#startThread = () => {
      const thread = new WorkerClass(script, { ...options, workerData });
      return thread.on('message', ({ metricLine }: { metricLine: string }) => onMetricLine?.(metricLine));
    };
    this.#thread = this.#start();
  }

  postMessage({ event, context, port }: InvocationMessage): void {
    this.#thread ??= this.#start();
    // The thread gets another port, so that this side can still answer serverless-offline when the thread ends.
    const { port1, port2 } = new MessageChannel();
    this.#pending.add(port);
    port1.once('message', (result) => {
      port1.close();
      this.#answer(port, result);
    });
    const input = event instanceof EventText ? { eventJson: event.json } : { event };
    this.#thread.postMessage({ ...input, context, port: port2 }, [port2]);
  }

  /**
   * Ends the thread and leaves its invocations unanswered: serverless-offline calls this after a timeout, which it has
   * reported already, and at its own end.
   */
  async terminate(): Promise<number> {
    const thread = this.#thread;
    this.#thread = undefined;
    for (const port of this.#pending) port.close();
    this.#pending.clear();
    return (await thread?.terminate()) ?? 0;
  }

  #start(): Worker {
    const thread = this.#startThread();
    let reason = '';
    thread.once('error', (error: unknown) => {
      reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    });
    thread.once('exit', (code) => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      const detail = reason === '' ? `exit status ${code}` : reason;
      for (const port of this.#pending) this.#answer(port, new Error(`Runtime exited with error: ${detail}`));
    });
    return thread;
  }

  #answer(port: MessagePort, result: unknown): void {
    if (!this.#pending.delete(port)) return;
    port.postMessage(result);
    port.close();
  }
}
