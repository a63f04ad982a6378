import type { StackEndpoints } from '../endpoints.ts';

/** Servers that run already, as the process that starts the functions needs to know them. */
export interface RunningStack {
  /** Bucket, table and region are empty or preliminary: the service defines them. */
  readonly endpoints: StackEndpoints;
  readonly ports: {
    readonly lambda: number;
    readonly http: number;
    readonly metrics: number;
    readonly s3Notifications: number;
  };
  readonly s3: { readonly keepsVersions: boolean; readonly notifies: boolean };
  readonly directory: string;
}

const VARIABLE = 'LOCAL_STACK_RUNNING';

/** Environment variables that make the plugin in a child process use these servers instead of starting its own. */
export function toEnvironment(running: RunningStack): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(running) };
}

/** The servers that the parent process started, if any. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): RunningStack | undefined {
  const text = env[VARIABLE];
  return text === undefined ? undefined : (JSON.parse(text) as RunningStack);
}
