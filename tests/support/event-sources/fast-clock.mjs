/** Loaded before a program: its time starts at FAST_CLOCK_START and runs FAST_CLOCK_SPEED times as fast. */
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const RealDate = Date;
  const start = RealDate.parse(process.env.FAST_CLOCK_START);
  const speed = Number(process.env.FAST_CLOCK_SPEED);
  const realStart = RealDate.now();
  const now = () => start + Math.floor((RealDate.now() - realStart) * speed);
  globalThis.Date = class FastDate extends RealDate {
    constructor(...values) {
      if (values.length === 0) super(now());
      else super(...values);
    }
    static now() {
      return now();
    }
  };
  const realPerformance = performance.now.bind(performance);
  const performanceStart = realPerformance();
  performance.now = () => performanceStart + (realPerformance() - performanceStart) * speed;
  const realTimeout = globalThis.setTimeout;
  globalThis.setTimeout = Object.assign(
    (callback, ms, ...rest) => realTimeout(callback, (ms ?? 0) / speed, ...rest),
    realTimeout,
  );
}
