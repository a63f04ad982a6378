import { z } from 'zod';
import { ConfigError } from '../../../functions/core/errors.ts';
import { loadSalariesShape } from '../../../functions/load-salaries/config.ts';
import { provisionShape } from '../../../functions/provision/config.ts';
import { reconcileBucketShape } from '../../../functions/reconcile-bucket/config.ts';
import {
  kafkaOf,
  loadConfig,
  sourceDatabaseOf,
  targetDatabaseOf,
  targetDatabaseShape,
} from '../../../functions/runtime/config.ts';
import { verifyReplicaShape } from '../../../functions/verify-replica/config.ts';

const good = { KAFKA_BROKERS: ' a:1, b:2,', TARGET_DATABASE_URL: 'postgres://u@h/d' };

describe('loadConfig', () => {
  it('reads lists, defaults and optional variables', () => {
    expect(loadConfig(loadSalariesShape, good)).toEqual({
      KAFKA_BROKERS: ['a:1', 'b:2'],
      KAFKA_AUTH: 'none',
      DATABASE_AUTH: 'none',
      TARGET_DATABASE_URL: 'postgres://u@h/d',
    });
  });

  it('reads only the variables of the shape', () => {
    expect(Object.keys(loadConfig(loadSalariesShape, { ...good, PATH: '/bin' }))).not.toContain('PATH');
  });

  it('names every fault with its variable, what was expected and an example', () => {
    const load = () => loadConfig(provisionShape, { ...good, KAFKA_AUTH: 'password', TOPIC_PARTITIONS: '0' });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(/KAFKA_AUTH: .*"iam"/);
    expect(load).toThrow(/TOPIC_PARTITIONS: expected a whole number from 1/);
    expect(load).toThrow(/SOURCE_DATABASE_URL: is required but not set \(e\.g\. postgres:/);
  });

  it('treats an empty variable as one that is not set', () => {
    expect(() => loadConfig(loadSalariesShape, { ...good, TARGET_DATABASE_URL: '' })).toThrow(
      /TARGET_DATABASE_URL: is required but not set/,
    );
    expect(
      loadConfig(provisionShape, { ...good, SOURCE_DATABASE_URL: 'postgres://h/d', TOPIC_PARTITIONS: '' }),
    ).toEqual(expect.objectContaining({ TOPIC_PARTITIONS: 6 }));
  });

  it.each(['1.5', 'six', '-1', '1e99'])('refuses %s partitions', (TOPIC_PARTITIONS) => {
    const env = { ...good, SOURCE_DATABASE_URL: 'postgres://h/d', TOPIC_PARTITIONS };
    expect(() => loadConfig(provisionShape, env)).toThrow(/TOPIC_PARTITIONS/);
  });

  it('does not quote the value of a variable', () => {
    const shape = { SECRET_URL: z.url('expected a URL') };
    expect(() => loadConfig(shape, { SECRET_URL: 'hunter2' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });

  it('requires at least one second for STALE_AFTER_SECONDS, 60 by default', () => {
    const env = { ...good, BUCKET_NAME: 'b', TRANSFORM_FUNCTION_NAME: 'f' };
    expect(loadConfig(reconcileBucketShape, env).STALE_AFTER_SECONDS).toBe(60);
    expect(() => loadConfig(reconcileBucketShape, { ...env, STALE_AFTER_SECONDS: '0' })).toThrow(/at least 1 second/);
  });
});

test('clients get their settings from the configuration, and the name of the function', () => {
  const config = loadConfig(verifyReplicaShape, {
    ...good,
    KAFKA_AUTH: 'iam',
    DATABASE_AUTH: 'iam',
    AWS_REGION: 'eu-central-1',
    OFFSET_TABLE: 'offsets',
    SOURCE_DATABASE_URL: 'postgres://h/s',
    SOURCE_DATABASE_USER: 'reader',
  });
  expect(kafkaOf(config, 'me')).toEqual({
    brokers: ['a:1', 'b:2'],
    auth: 'iam',
    region: 'eu-central-1',
    clientId: 'me',
  });
  const byToken = { auth: 'iam', region: 'eu-central-1', applicationName: 'me' };
  expect(sourceDatabaseOf(config, 'me')).toEqual({ url: 'postgres://h/s', user: 'reader', ...byToken });
  expect(targetDatabaseOf(config, 'me')).toEqual({ url: 'postgres://u@h/d', ...byToken });
});

test('a laptop signs in to its databases with what their URLs contain', () => {
  expect(targetDatabaseOf(loadConfig(targetDatabaseShape, good), 'me')).toEqual({
    ...{ url: 'postgres://u@h/d', auth: 'none', applicationName: 'me' },
  });
});
