import { parseStartOptions } from '../../../localstack/stack/start-options.ts';

test('every option has a default', () => {
  const defaults = { fresh: false, docker: false, s3: 'builtin', ports: 'default', directory: '.localstack' };
  expect(parseStartOptions([])).toEqual(defaults);
});

test('options replace the defaults', () => {
  expect(parseStartOptions(['--fresh', '--s3', 'minio', '--ports', 'free', '--directory', 'x'])).toMatchObject({
    ...{ fresh: true, s3: 'minio', ports: 'free', directory: 'x' },
  });
});

test.each([
  [['--s3', 'ceph'], 'Expected --s3 to be builtin or minio, but found "ceph".'],
  [['--ports', '80'], 'Expected --ports to be default or free, but found "80".'],
  [['--docker', '--s3', 'minio'], '--docker always uses MinIO and the default ports: leave out --s3 and --ports.'],
  [['--frehs'], "Unknown option '--frehs'"],
])('refuses %j', (args, message) => {
  expect(() => parseStartOptions(args)).toThrow(message);
});
