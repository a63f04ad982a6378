import { rmSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The addresses of a running stack: the content of `endpoints.json`. Those of servers that are not started are empty. */
export interface StackEndpoints {
  s3: { endpoint: string; region: string; bucket: string; accessKeyId: string; secretAccessKey: string };
  kafka: { brokers: string[] };
  sourceDatabaseUrl: string;
  targetDatabaseUrl: string;
  dynamodb: { endpoint: string; offsetTable: string };
  lambda: { endpoint: string };
  dashboardUrl: string | null;
  /** Where Prometheus reads the metrics of functions and event sources. */
  metricsUrl: string;
}

/** Exists only while the stack is ready. */
export function endpointsPath(directory: string): string {
  return join(directory, 'endpoints.json');
}

/** Writes another file and renames it, so that readers never see an incomplete one. */
export async function writeEndpoints(directory: string, endpoints: StackEndpoints): Promise<void> {
  const partial = `${endpointsPath(directory)}.${process.pid}`;
  await writeFile(partial, `${JSON.stringify(endpoints, null, 2)}\n`);
  await rename(partial, endpointsPath(directory));
}

export async function removeEndpoints(directory: string): Promise<void> {
  await rm(endpointsPath(directory), { force: true });
}

/** For handlers of `process.on('exit')`, where nothing can be awaited. */
export function removeEndpointsSync(directory: string): void {
  rmSync(endpointsPath(directory), { force: true });
}

/** @throws when no stack is ready in this directory. */
export async function readEndpoints(directory: string): Promise<StackEndpoints> {
  const path = endpointsPath(directory);
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new Error(`No stack is ready: ${path} does not exist. Run "npm start" and wait until it says "Ready".`, {
      cause,
    });
  });
  return JSON.parse(text) as StackEndpoints;
}
