/**
 * Calls back once when npm, which has started this process, is gone. npm passes signals on, but cannot pass on its own
 * being killed. A process that npm has not started may outlive its parent on purpose, as with `nohup`.
 */
export function onParentExit(onGone: () => void): void {
  const parent = process.ppid;
  if (process.env['npm_lifecycle_event'] === undefined || parent === 1) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, 1_000);
  timer.unref();
}
