import { readOptions } from '../../../localstack/event-sources/options.ts';

test('each invalid option is one line that names it', () => {
  const faulty = { brokers: ['nohost'], logLevel: 'chatty', asyncConcurrency: 0, unknown: 1 };
  expect(() => readOptions(faulty)).toThrow(
    /^custom\.eventSources\.brokers\.0: expected host:port, got "nohost": add the port.*\n.*logLevel: .*\n.*asyncConcurrency: .*\n.*unknown/s,
  );
});

test.each([
  ['localhost:3002', 'expected a URL such as http://127.0.0.1:3002, got "localhost:3002": write http://localhost:3002'],
  ['127.0.0.1:9000', 'expected a URL such as http://127.0.0.1:3002, got "127.0.0.1:9000": write http://127.0.0.1:9000'],
  ['kafka://host:1', 'expected a URL such as http://127.0.0.1:3002, got "kafka://host:1"'],
  ['http://', 'expected a URL such as http://127.0.0.1:3002, got "http://"'],
])('the URL %s is refused at once, with what to write instead', (url, message) => {
  expect(() => readOptions({ lambdaEndpoint: url })).toThrow(`custom.eventSources.lambdaEndpoint: ${message}`);
});

test('a broker with a scheme is refused, because Kafka has none', () => {
  expect(() => readOptions({ brokers: ['PLAINTEXT://localhost:9092'] })).toThrow(
    'custom.eventSources.brokers.0: expected host:port, got "PLAINTEXT://localhost:9092": remove what is before the host',
  );
  expect(readOptions({ brokers: ['localhost:9092', '[::1]:9092'] }).brokers).toHaveLength(2);
});

test('brokers that are no list are refused with the list to write', () => {
  expect(() => readOptions({ brokers: '127.0.0.1:9092' })).toThrow(
    'custom.eventSources.brokers: expected a list such as [127.0.0.1:9092], got "127.0.0.1:9092": write [127.0.0.1:9092]',
  );
});

test.each([
  [{ broker: [] }, 'custom.eventSources.broker: is no option; did you mean brokers?'],
  [{ coldStart: 1 }, 'custom.eventSources.coldStart: is no option; did you mean coldStartMs?'],
  [
    { retryBackoff: { initialMs: 1, maximumMs: 2 } },
    'custom.eventSources.retryBackoff.maximumMs: is no option; did you mean maxMs?',
  ],
  [
    { destinationEndpoints: { kinesis: 'http://127.0.0.1:1' } },
    'custom.eventSources.destinationEndpoints.kinesis: is no option; expected sqs, sns, s3',
  ],
])('the unknown option in %j is refused by its name, with the one that was meant', (options, message) => {
  expect(() => readOptions(options)).toThrow(message);
});

test('nullFields may be the null of YAML, as the documentation writes it', () => {
  expect(readOptions({ nullFields: null }).nullFields).toBe('null');
  expect(readOptions({}).nullFields).toBe('omit');
});

test('an option is named as the user wrote it', () => {
  expect(() => readOptions({ metricsPort: 'x' }, () => '--metrics')).toThrow(
    '--metrics: expected a port from 0 to 65535, got "x"',
  );
});
