/** What was reported and not cleared, and the titles of all reports. */
export class RecordedStandstills {
  readonly current = new Map<string, string>();
  readonly reported = new Set<string>();

  report(what: string, reason: string): void {
    this.current.set(what, reason);
    this.reported.add(`${what}: ${reason}`);
  }

  clear(what: string): void {
    this.current.delete(what);
  }
}
