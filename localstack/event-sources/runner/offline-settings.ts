import type { Serverless } from '../template/from-serverless/serverless.ts';

/** Settings of serverless-offline: its options on the command line, before `custom.serverless-offline`. */
export interface OfflineSettings {
  readonly host?: string;
  readonly lambdaPort: number | string;
  readonly useInProcess?: boolean;
  readonly noTimeout?: boolean;
}

export function readOfflineSettings(
  serverless: Serverless,
  cliOptions: Readonly<Record<string, unknown>>,
): OfflineSettings {
  return {
    // The default of serverless-offline.
    lambdaPort: 3002,
    ...(serverless.service.custom?.['serverless-offline'] as Partial<OfflineSettings> | undefined),
    ...cliOptions,
  };
}

/** Whether the endpoint is the Invoke API that serverless-offline serves in this process. */
export function isServedByOffline(endpoint: string, { host, lambdaPort }: OfflineSettings): boolean {
  const { hostname, port } = new URL(endpoint);
  return Number(port) === Number(lambdaPort) && ['127.0.0.1', 'localhost', '[::1]', host].includes(hostname);
}
