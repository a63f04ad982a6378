import { EventEmitter } from 'node:events';
import {
  MessageChannel,
  type MessagePort,
  type Transferable,
  type Worker,
  type WorkerOptions,
} from 'node:worker_threads';
import { JsonText } from './claim-check.ts';

interface Invocation {
  readonly port: MessagePort;
}

/**
 * Stands where serverless-offline expects the worker thread of a function. When the thread dies (an exception outside
 * of any promise, `process.exit`), the invocations under way fail at once and the next one gets a fresh thread, as on
 * AWS; without it the exception would end the whole process, and an exit would look like a timeout.
 */
export class RestartingWorker extends EventEmitter {
  readonly #spawn: () => Worker;
  readonly #pending = new Set<MessagePort>();
  #worker: Worker | undefined;

  constructor(WorkerClass: typeof Worker, script: URL, options: WorkerOptions) {
    super();
    this.#spawn = () => new WorkerClass(script, options);
    this.#worker = this.#start();
  }

  postMessage(message: Invocation & Record<string, unknown>, _transfer?: readonly Transferable[]): void {
    this.#worker ??= this.#start();
    const { port } = message;
    // Kept on this side, so that it can be answered when the thread is gone.
    const { port1, port2 } = new MessageChannel();
    this.#pending.add(port);
    port1.once('message', (answer) => {
      port1.close();
      this.#answer(port, answer);
    });
    const { event } = message;
    const asText = event instanceof JsonText ? { event: undefined, eventJson: event.text } : {};
    this.#worker.postMessage({ ...message, ...asText, port: port2 }, [port2]);
  }

  /**
   * Ends the thread on purpose, which is no failure of an invocation: whoever ends it has stopped waiting for the answer,
   * because the function ran out of time or because everything ends.
   */
  async terminate(): Promise<number> {
    const worker = this.#worker;
    this.#worker = undefined;
    for (const port of this.#pending) port.close();
    this.#pending.clear();
    return (await worker?.terminate()) ?? 0;
  }

  #start(): Worker {
    const worker = this.#spawn();
    let reason = '';
    worker.once('error', (error: unknown) => {
      reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    });
    worker.once('exit', (code) => {
      if (this.#worker === worker) this.#worker = undefined;
      const detail = reason === '' ? `exit status ${code}` : reason;
      for (const port of this.#pending) {
        this.#answer(port, new Error(`Runtime exited with error: ${detail}`));
      }
    });
    return worker;
  }

  #answer(port: MessagePort, answer: unknown): void {
    if (!this.#pending.delete(port)) return;
    port.postMessage(answer);
    port.close();
  }
}
