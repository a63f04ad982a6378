import type { StackEndpoints } from '../endpoints.ts';

/** What the host of the functions has to know about servers that somebody else has started. */
export interface RunningStack {
  /** Without bucket and table, and with any region: those are the service's. */
  readonly endpoints: StackEndpoints;
  readonly ports: { readonly lambda: number; readonly http: number; readonly s3Notifications: number };
  readonly s3: { readonly keepsVersions: boolean; readonly notifies: boolean };
  readonly directory: string;
}

const variable = 'LOCAL_STACK_RUNNING';

/** For the environment of a process that is to use the stack instead of starting its own. */
export function handOver(running: RunningStack): Record<string, string> {
  return { [variable]: JSON.stringify(running) };
}

export function takeOver(env: Readonly<Record<string, string | undefined>>): RunningStack | undefined {
  const text = env[variable];
  return text === undefined ? undefined : (JSON.parse(text) as RunningStack);
}
