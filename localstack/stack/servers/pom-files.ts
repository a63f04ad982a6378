import { join } from 'node:path';

const pomOf = (name: string) => join(import.meta.dirname, name, 'pom.xml');

/** The `pom.xml` of each server that runs on Java, by the name of its directory in the cache. */
export const pomFiles = { kafka: pomOf('kafka'), dynamodb: pomOf('dynamodb') } as const;
