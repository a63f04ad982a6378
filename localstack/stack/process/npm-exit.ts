/**
 * Calls back once after npm, when it started this process, has died. npm forwards signals, but cannot forward SIGKILL.
 *
 * Does nothing for processes that npm did not start: these may outlive their parent on purpose, as with `nohup`.
 */
export function onNpmExit(callback: () => void): void {
  const npmPid = process.ppid;
  if (process.env['npm_lifecycle_event'] === undefined || npmPid === 1) return;
  const timer = setInterval(() => {
    // The system gives an orphan another parent.
    if (process.ppid === npmPid) return;
    clearInterval(timer);
    callback();
  }, 1_000);
  timer.unref();
}
