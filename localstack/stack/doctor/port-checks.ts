import { existsSync } from 'node:fs';
import { endpointsPath } from '../endpoints.ts';
import { defaultPorts, isPortFree } from '../process/ports.ts';
import type { CheckOptions, Finding } from './finding.ts';

/** A port in use is no obstacle: the stack takes a free one. */
export async function checkPorts(
  { directory }: Pick<CheckOptions, 'directory'>,
  ports: Readonly<Record<string, number>> = defaultPorts,
): Promise<Finding> {
  const subject = 'Ports';
  const states = await Promise.all(
    Object.values(ports).map(async (port) => ({ port, isFree: await isPortFree(port) })),
  );
  const list = (isFree: boolean) => states.filter((state) => state.isFree === isFree).map(({ port }) => port);
  const inUse = list(false).join(', ');
  if (inUse === '') return { subject, state: 'ok', found: `${list(true).join(', ')} are free` };
  if (existsSync(endpointsPath(directory))) {
    return { subject, state: 'ok', found: `${inUse} in use, a stack is running in ${directory}` };
  }
  return {
    subject,
    state: 'warning',
    found: `${inUse} in use: "npm start" takes free ports instead and prints them`,
    remedy: 'stop the other servers to get the usual ports',
  };
}
