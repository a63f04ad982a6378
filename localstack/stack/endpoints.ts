import { rmSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where everything of a running stack answers: the content of `endpoints.json`. What is not started is empty. */
export interface StackEndpoints {
  s3: { endpoint: string; region: string; bucket: string; accessKeyId: string; secretAccessKey: string };
  kafka: { brokers: string[] };
  sourceDatabaseUrl: string;
  targetDatabaseUrl: string;
  dynamodb: { endpoint: string; offsetTable: string };
  lambda: { endpoint: string };
  dashboardUrl: string | null;
}

const fileName = 'endpoints.json';

/** Written aside and renamed, so that whoever sees the file sees all of it. */
export async function writeEndpoints(directory: string, endpoints: StackEndpoints): Promise<void> {
  const aside = join(directory, `${fileName}.${process.pid}`);
  await writeFile(aside, `${JSON.stringify(endpoints, null, 2)}\n`);
  await rename(aside, join(directory, fileName));
}

export async function removeEndpoints(directory: string): Promise<void> {
  await rm(join(directory, fileName), { force: true });
}

/** For the moment when the process exits and nothing can be awaited. */
export function removeEndpointsNow(directory: string): void {
  rmSync(join(directory, fileName), { force: true });
}

/** @throws when no stack is ready in this directory. */
export async function readEndpoints(directory: string): Promise<StackEndpoints> {
  const path = join(directory, fileName);
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new Error(`${path} is not there: no stack is ready. Start one with "npm start" and wait until it says so.`, {
      cause,
    });
  });
  return JSON.parse(text) as StackEndpoints;
}
