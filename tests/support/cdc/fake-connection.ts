import type { Clock } from '../../../functions/ports/clock.ts';

/** A connection to an in-memory port, with latency and outages that concern only the owner of the connection. */
export class FakeConnection {
  /** While set, every call fails with it. */
  failure: Error | null = null;
  readonly #clock: Clock;
  /** May be changed between two calls. */
  roundTripMs: number;

  constructor(clock: Clock, roundTripMs: number) {
    this.#clock = clock;
    this.roundTripMs = roundTripMs;
  }

  /** The port as seen over this connection. */
  to<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          await this.#clock.sleep(this.roundTripMs / 2);
          if (this.failure !== null) throw this.failure;
          const result: unknown = await Reflect.apply(member, target, args);
          await this.#clock.sleep(this.roundTripMs / 2);
          return result;
        };
      },
    });
  }
}
