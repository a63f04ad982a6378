import { readOptions } from '../../../localstack/event-sources/options.ts';

test('each invalid option is one line that names it', () => {
  const faulty = { brokers: ['nohost'], logLevel: 'chatty', asyncConcurrency: 0, unknown: 1 };
  expect(() => readOptions(faulty)).toThrow(
    /^custom\.eventSources\.brokers\.0: expected host:port\n.*logLevel: .*\n.*asyncConcurrency: .*\n.*unknown/s,
  );
});
