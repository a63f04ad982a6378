import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');

/** The tests that show each row of the fidelity table, by the start of their title after the mark. */
const shownBy: Record<string, readonly string[]> = {
  envelope: ['MSK: eventSource', 'self-managed: SelfManagedKafka'],
  'key, value': ['any bytes of key and value are kept'],
  headers: ['headers: one object each in record order'],
  'header bytes': ['header bytes are signed'],
  'absent key or value': ['absent key and value are left out'],
  'empty key or value': ['nullFields: null', 'absent key and value are left out; [inferred] empty ones are ""'],
  'header without a value': ['a header without a value'],
  'timestamp type': ['LOG_APPEND_TIME where', 'MSK: eventSource'],
  codecs: ['records compressed with'],
  transactions: [
    'only committed records',
    'an open transaction',
    'a fetch with aborted records only',
    'isolationLevel',
  ],
  'batch ends': ['BatchSize cuts', 'the window ends early', 'a payload holds at most 6 MB'],
  window: ['window %s, counted from the first record', 'window 0', 'window 500 ms'],
  '6 MB': ['a payload holds at most 6 MB, [inferred] measured on the serialized event'],
  'record too large alone': ['a record above 6 MB'],
  'several partitions in a batch': ['one batch may hold several partitions', 'a batch is filled from one partition'],
  'one batch in flight per partition': ['one batch of a partition at a time'],
  'on-demand mode': ['on demand one poller has five'],
  'provisioned mode': [
    'provisioned mode has at most one poller',
    'begins with the minimum',
    'stays at the minimum',
    'grows with the batches that wait',
    'shrinks when as many were not needed',
  ],
  'function error, timeout': ['a failed batch is retried whole', 'a function that times out'],
  'delay between retries': ['the delay between retries'],
  'throttling, 5xx, network': ['status %d is retried', 'a runtime that cannot be reached', 'an outage has a backoff'],
  '`MaximumRetryAttempts`': ['MaximumRetryAttempts N'],
  'endless retries and a destination': ['infinite retries end after ten'],
  '`MaximumRecordAgeInSeconds`': ['records above MaximumRecordAgeInSeconds', 'records that become too old'],
  '`BisectBatchOnFunctionError`': [
    'bisect halves',
    'has no delay',
    'does not count as a retry',
    'with reported failures',
  ],
  '`ReportBatchItemFailures`': [
    'only the reported records',
    'identifier: %s',
    'the response %j',
    'a response that is not JSON',
  ],
  'error controls without provisioned mode': ['error controls without provisioned mode'],
  'failure record, SQS and SNS': [
    'failure record of a batch',
    'failure record, SQS',
    'failure record, SNS',
    'MaximumRetryAttempts N',
  ],
  'failure record, S3': ['failure record, S3', 'S3 gets the whole event'],
  'failure record, Kafka': [
    'failure record of a record',
    'a Kafka topic gets a message for each record',
    'a Kafka topic gets all records',
  ],
  'destination away': ['a destination that fails'],
  filters: [
    'filters: JSON values',
    'filters: one matching filter',
    'filters: rejects',
    'filters apply before batching',
  ],
  'lists in filters': ['filters: lists, as event-ruler'],
  '`numeric` and `anything-but` in filters': ['filters: rejects numeric', 'filters: rejects %s'],
  'value of another kind than the pattern': ['filters: %s passes or is dropped'],
  'everything filtered out': ['all filtered out'],
  'starting positions': [
    'TRIM_HORIZON',
    'LATEST',
    'AT_TIMESTAMP',
    'StartingPositionTimestamp may',
    'a consumer group with committed offsets',
  ],
  'partitions added later': ['partitions that are added', 'a partition that was added later'],
  'offsets that the broker no longer has': [
    'if the broker no longer has the committed offset',
    'a topic that is deleted and created again',
  ],
  'create-only properties': ['a changed create-only property'],
  'committed offset': ['the committed offset is the last processed one', 'nothing is committed before success'],
  '`Enabled: false`': ['Enabled: false'],
  'other members of the group': ['other members of the group', 'what Java, librdkafka and kafkajs offer'],
  rebalance: ['members share the partitions', 'batches in flight end'],
  'schema registry': [
    'JSON: an Avro value',
    'SOURCE: the bytes',
    'only the selected attributes',
    'Avro records arrive',
  ],
  'Avro as JSON': ['Avro as JSON: %s', 'a union of two records'],
  'record without a schema that fits': ['DESERIALIZATION_ERROR for', 'SCHEMA_NOT_FOUND for', 'Avro records arrive'],
  'schema registry away': ['a registry that does not answer', 'a registry that is away'],
  'poller groups, metrics and logging configuration': ['poller groups, metrics'],
  'versions and aliases': ['versions and aliases: %s is the function', 'versions and aliases: the qualifier is passed'],
  'functions of other stacks': ['functions of other stacks are invoked'],
  parameters: ['parameters: a CommaDelimitedList', 'parameters: a given value'],
  SAM: [
    'SAM: an MSK event',
    'SAM: a SelfManagedKafka event',
    'SAM: an S3 event',
    'SAM: a Schedule event',
    'SAM: a ScheduleV2 event',
    'SAM: Globals apply',
    'SAM: events invoke the alias',
    'SAM: EventInvokeConfig applies',
  ],
  'limits and rules of all properties': ['rejects %s, naming resource and property', 'a function above 14 minutes'],
  'S3 event': ['S3 event: one record an invocation', 'S3 event: the key', 'S3 event: an overwritten key'],
  'S3 event names': ['S3 event names', 'a version that the listing no longer has', 'a copy is named so'],
  'S3 configurations': [
    'S3 configurations: accepts',
    'S3 configurations: rejects',
    'S3 configurations: the known events',
  ],
  'S3 filters': [
    'S3 filters: prefix, suffix',
    'S3 filters: the prefix',
    'S3 filters: the suffix',
    'a %s that no encoded key',
  ],
  'objects from before the first start': [
    'objects from before the first start',
    'existingObjects: ignore makes no events',
  ],
  'asynchronous invocation': [
    'asynchronous invocation: two retries',
    'asynchronous invocation: after three attempts',
    'asynchronous invocation: beyond MaximumEventAgeInSeconds',
    'asynchronous invocation: the dead letter queue',
  ],
  'dead letter queue': [
    'asynchronous invocation: the dead letter queue',
    'dead letter attributes: RequestID',
    'dead letter attributes: the first KB',
    'dead letter attributes: the ErrorMessage',
    'dead letter attributes: without',
    'asynchronous invocation: the dead letter of an event',
  ],
  partitions: ['partitions: in'],
  'provisioned concurrency': ['as many idle instances are kept'],
  '`rate` of a rule': [
    'the rate of a rule counts from creation',
    'cron is in UTC',
    'a rate stays in step over a restart',
  ],
  '`rate` of Scheduler': [
    'the rate of Scheduler is due at its start',
    'fires at its creation and then',
    'fires at its StartDate first',
    'does not fire at a restart',
    'a cron of Scheduler fires from its StartDate',
    'Scheduler ignores the dates',
  ],
  'daylight saving time': ['daylight saving time of Scheduler', 'an at() that the clock skips'],
  'limits of schedules': ['schedules: rejects', 'schedules: a rule has no at()'],
  'exception of a Python function': ['an exception of a Python function'],
  'schedule events': ['the event of a rule', 'the event of Scheduler', 'input replaces', 'inputPath'],
};
const words: Record<string, string> = { D: 'documented', O: 'observed', I: 'inferred', K: 'known' };

const testFiles = ['unit', 'integration'].flatMap((folder) =>
  readdirSync(join(ROOT, 'tests', folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.startsWith('event-sources') && path.endsWith('.test.ts'))
    .map((path) => read('tests', folder, path)),
);
/** The titles that start with a mark, for instance `[documented]`. */
const titles = testFiles.flatMap((text) =>
  [...text.matchAll(/(['"`])(\[[a-z]+\] .*?)\1[,)]/g)].map(([, , title]) => title),
);

const readme = read('localstack', 'event-sources', 'README.md');
const table = readme.split('## Fidelity')[1]?.split('**Not emulated**')[0] ?? '';
const rows = [...table.matchAll(/^\| (?!behaviour )(.+?) \|.*\| ([^|]*) \| ([^|]*) \|$/gm)].map(
  ([, name = '', marks = '', source = '']) => ({ name, marks, source }),
);

test('every row of the fidelity table is shown by tests, and nothing else is', () => {
  expect(rows.length).toBeGreaterThan(40);
  expect(Object.keys(shownBy)).toEqual(rows.map(({ name }) => name));
});

test.each(rows)('$name: its marks and its source are known ones', ({ marks, source }) => {
  expect(marks).toMatch(/^[DOIK](, [DOIK])*$/);
  expect(source).not.toBe('');
  // A behaviour that AWS documents, or that was seen on AWS, says where.
  if (/[DO]/.test(marks)) expect(source).not.toBe('–');
  for (const [, label = ''] of source.matchAll(/\[(.+?)\]/g)) expect(readme).toMatch(`\n[${label}]: https://`);
});

test.each(rows)('$name: its tests are there, and each of its marks is carried by one', ({ name, marks }) => {
  const shown = (shownBy[name] ?? []).map((start) => {
    const found = titles.filter(
      (title) => title?.replace(/^\[[a-z]+\] /, '').startsWith(start) || title?.includes(`] ${start}`),
    );
    expect([start, found.length > 0]).toEqual([start, true]);
    return found.join(' ');
  });
  const carried = marks.split(', ').filter((mark) => shown.some((title) => title.includes(`[${words[mark]}]`)));
  expect(carried.join(', ')).toBe(marks);
});
