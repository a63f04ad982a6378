/**
 * Loaded before a program, also into its worker threads: its wall clock shows what the file says that the parameter `state`
 * of this module's URL names, and follows changes of the file. Timers and the monotonic clock stay as they are.
 */
import { readFileSync } from 'node:fs';
import { Server } from 'node:http';

const CHECK_INTERVAL_MS = 20;

const statePath = new URL(import.meta.url).searchParams.get('state');
const RealDate = Date;
const realNow = RealDate.now;
let text = '';
let aheadMs = 0;
let frozenAtMs;

const now = () => frozenAtMs ?? realNow() + aheadMs;

function follow() {
  const current = readFileSync(statePath, 'utf8');
  if (current === text) return;
  const state = JSON.parse(current);
  frozenAtMs = state.isFrozen ? now() : undefined;
  aheadMs = state.aheadMs;
  text = current;
}

follow();
setInterval(follow, CHECK_INTERVAL_MS).unref();

globalThis.Date = class FaultyDate extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(now());
    else super(...values);
  }
  static now() {
    return now();
  }
};

// Node itself makes the header Date with the machine's clock.
const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...values) {
  if (event === 'request') values[1].setHeader('Date', new Date().toUTCString());
  return emit.call(this, event, ...values);
};
