import { randomUUID } from 'node:crypto';
import type { InvocationOutcome, InvocationRequest, Invoker } from '../model/invocation.ts';

/** Names the payload that an invocation over HTTP stands for. */
const CLAIM = 'eventSources:payload';

/**
 * The payloads of invocations under way, for an Invoke API in this same process: what goes through HTTP is a claim of
 * a few bytes, and the function's thread gets the text itself. A batch of 6 MB is then neither sent to ourselves nor
 * read into objects only to be cloned into another thread, which took more time than most functions do.
 */
export class ClaimCheck implements Invoker {
  readonly #invoker: Invoker;
  readonly #payloads = new Map<string, string>();

  constructor(invoker: Invoker) {
    this.#invoker = invoker;
  }

  async invoke(request: InvocationRequest): Promise<InvocationOutcome> {
    const id = randomUUID();
    this.#payloads.set(id, request.payload);
    try {
      const { payloadBytes: _, ...rest } = request;
      return await this.#invoker.invoke({ ...rest, payload: JSON.stringify({ [CLAIM]: id }) });
    } finally {
      this.#payloads.delete(id);
    }
  }

  /** The event that an invocation brought: what it claims, or itself when it claims nothing. */
  redeem(event: unknown): unknown {
    if (typeof event !== 'object' || event === null || !(CLAIM in event)) return event;
    const payload = this.#payloads.get(String(event[CLAIM]));
    return payload === undefined ? event : new JsonText(payload);
  }
}

/** An event as text, to be read where it is needed: a runner that writes it as JSON finds the event itself. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}
