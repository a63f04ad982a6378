import { parseStartOptions } from '../../../localstack/stack/start-options.ts';

test('has defaults for everything', () => {
  const defaults = { fresh: false, docker: false, s3: 'fauxqs', ports: 'default', directory: '.localstack' };
  expect(parseStartOptions([])).toEqual(defaults);
});

test('takes what is given', () => {
  expect(parseStartOptions(['--fresh', '--s3', 'minio', '--ports', 'free', '--directory', 'x'])).toMatchObject({
    ...{ fresh: true, s3: 'minio', ports: 'free', directory: 'x' },
  });
});

test.each([
  [['--s3', 'ceph'], '--s3 is fauxqs or minio, not "ceph".'],
  [['--ports', '80'], '--ports is default or free, not "80".'],
  [['--docker', '--s3', 'minio'], '--docker has MinIO and the usual ports: leave out --s3 and --ports.'],
  [['--frehs'], "Unknown option '--frehs'"],
])('refuses %j', (args, message) => {
  expect(() => parseStartOptions(args)).toThrow(message);
});
