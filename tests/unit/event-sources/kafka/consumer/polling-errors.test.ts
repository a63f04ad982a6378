import { PollingErrorLog } from '../../../../../localstack/event-sources/kafka/consumer/polling-errors.ts';
import { createLogger } from '../../../../../localstack/event-sources/logger.ts';
import { RecordedStandstills } from '../../recorded-standstills.ts';
import { kafkaMapping } from '../fixtures.ts';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function setUp() {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('warn', (line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  const standstills = new RecordedStandstills();
  return { lines, standstills, errors: new PollingErrorLog(kafkaMapping(), log, standstills) };
}

const kafkaError = (message: string, type?: string) => Object.assign(new Error(message), { type });

test.each([
  [kafkaError('no', 'UNKNOWN_TOPIC_OR_PARTITION'), 'Topics', /topic t does not exist on the cluster: create it/],
  [kafkaError('This server does not host this topic-partition'), 'Topics', /topic t does not exist/],
  [
    kafkaError('protocols are incompatible', 'INCONSISTENT_GROUP_PROTOCOL'),
    'ConsumerGroupId',
    /group group has members with none of the mapping's assignors: let them offer range/,
  ],
  [kafkaError('SASL PLAIN failed'), 'SourceAccessConfigurations', /rejects the credentials: correct .*sasl/],
  [kafkaError('Not authorized to access group'), 'SourceAccessConfigurations', /denies access: allow reading/],
  [kafkaError('connect ECONNREFUSED 127.0.0.1:1'), 'brokers', /no broker answers: start it, or correct .*brokers/],
  [kafkaError('something else'), 'Topics', /^something else$/],
])('[goal] %s is explained with the property to look at', (error, property, reason) => {
  const { lines, errors } = setUp();
  errors.report(error);
  expect(lines).toMatchObject([
    { message: 'not polling; retrying until it works', property, reason: expect.stringMatching(reason) },
  ]);
});

test('[goal] a reason is logged once, another one at once, and each is a standstill until the mapping polls', () => {
  const { lines, standstills, errors } = setUp();
  const report = (message: string) => errors.report(kafkaError(message));
  report('first');
  report('first');
  expect(lines).toHaveLength(1);
  report('second');
  expect(lines).toHaveLength(2);
  expect([...standstills.current]).toEqual([['event source Mapping of fn', 'second']]);
  errors.clear();
  expect(standstills.current.size).toBe(0);
  report('second');
  expect(lines).toHaveLength(3);
});

test('[goal] a coordinator that is starting is no reason to log before ten seconds have passed', () => {
  const { lines, standstills, errors } = setUp();
  const starting = kafkaError('The coordinator is loading and hence can not process requests for this group');
  errors.report(starting);
  jest.advanceTimersByTime(9_999);
  errors.report(starting);
  expect(lines).toHaveLength(0);
  expect(standstills.reported.size).toBe(0);
  jest.advanceTimersByTime(1);
  errors.report(starting);
  expect(lines).toHaveLength(1);
});
