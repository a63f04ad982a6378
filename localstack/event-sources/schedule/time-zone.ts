const DAY_MS = 86_400_000;

/**
 * The local time of an IANA time zone. A local time is given in milliseconds as if it were UTC, so that it can be calculated
 * with, and none is missing or repeated.
 */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat;

  /** Undefined for a name that is not in the IANA database. */
  static find(name: string): TimeZone | undefined {
    // Intl also accepts offsets like +01:00, which are not names.
    if (!/^[A-Za-z]/.test(name)) return undefined;
    try {
      return new TimeZone(name);
    } catch {
      return undefined;
    }
  }

  private constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** The local time of a moment, which is in milliseconds since 1970. */
  toLocal(ms: number): number {
    const parts: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(ms)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) + (ms - Math.floor(ms / 1_000) * 1_000);
  }

  /** The moment of a local time; the first one when the clock shows it twice, undefined when the clock skips it. */
  toMoment(localMs: number): number | undefined {
    const candidates = [localMs - DAY_MS, localMs + DAY_MS]
      .map((near) => localMs - (this.toLocal(near) - near))
      .filter((ms) => this.toLocal(ms) === localMs);
    return candidates.length === 0 ? undefined : Math.min(...candidates);
  }
}
