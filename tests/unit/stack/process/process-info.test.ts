import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { processCommand, processIdentity } from '../../../../localstack/stack/process/process-info.ts';

test('a process keeps its identity until it exits, and no other process has it', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const pid = child.pid as number;
  const identity = processIdentity(pid);
  expect(identity).toBeDefined();
  expect(identity).not.toBe(processIdentity(process.pid));
  expect(processIdentity(pid)).toBe(identity);
  expect(processCommand(pid)).toContain('sleep 60');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(processIdentity(pid)).toBeUndefined();
  expect(processCommand(pid)).toBeUndefined();
});
