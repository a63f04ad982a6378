import { failed, invokedOffsets, messages } from '../../../support/event-sources/failures.ts';
import {
  committed,
  eventually,
  produce,
  provisioned,
  withMapping,
} from '../../../support/event-sources/mapping-run.ts';

describe('Partial batch responses', () => {
  const reporting = { ...provisioned, FunctionResponseTypes: ['ReportBatchItemFailures'] };
  const failures = (topic: string, ...items: unknown[]) => ({
    body: JSON.stringify({ batchItemFailures: items.map((itemIdentifier) => ({ itemIdentifier })) }),
    topic,
  });

  test('[documented] only the reported records come again; [inferred] the commit waits for the lowest of them', () =>
    withMapping({ properties: { ...reporting, BatchSize: 4 } }, async (run) => {
      const partition = `${run.topic}-0`;
      let release = false;
      run.fn.answer = (_event, count) => {
        if (count === 1) return failures(run.topic, { partition, offset: 3 }, { partition, offset: 1 });
        return release ? {} : failed;
      };
      await produce(run.topic, messages('a', 'b', 'c', 'd', 'e'));
      await run.start();
      await run.fn.until(() => run.fn.invocations.length >= 3, 'the retry');
      expect(invokedOffsets(run).slice(0, 3)).toEqual([
        [0, 1, 2, 3],
        [1, 3],
        [1, 3],
      ]);
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 1, 'the commit up to offset 1');
      release = true;
      await run.fn.until(() => run.fn.values.includes('e'), 'the record behind the batch');
    }));

  test.each([
    ['a string, as for SQS', 'MESSAGE-ID'],
    ['an offset that the event does not hold', { partition: 'TOPIC-0', offset: 99 }],
    ['a partition that the event does not hold', { partition: 'TOPIC-7', offset: 0 }],
    ['an offset as text', { partition: 'TOPIC-0', offset: '0' }],
  ])('[documented] identifier: %s fails the whole batch', (_name, identifier) =>
    withMapping({ properties: reporting }, async (run) => {
      const text = JSON.stringify(identifier).replace('TOPIC', run.topic);
      run.fn.answer = (_event, count) =>
        count === 1 ? { body: `{"batchItemFailures":[{"itemIdentifier":${text}}]}` } : {};
      await produce(run.topic, messages('a', 'b'));
      await run.start();
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 2, 'the commit');
      expect(invokedOffsets(run)).toEqual([
        [0, 1],
        [0, 1],
      ]);
    }),
  );

  test.each(['{}', 'null', '', '{"batchItemFailures":[]}', '{"batchItemFailures":null}'])(
    '[documented] the answer %j is success',
    (body) =>
      withMapping({ properties: reporting }, async (run) => {
        run.fn.answer = () => ({ body });
        await produce(run.topic, messages('a', 'b'));
        await run.start();
        await eventually(async () => (await committed(run.groupId, run.topic))[0] === 2, 'the commit');
        expect(run.fn.invocations).toHaveLength(1);
      }),
  );

  test('[inferred] an answer that is no JSON fails the whole batch', () =>
    withMapping({ properties: reporting }, async (run) => {
      run.fn.answer = (_event, count) => (count === 1 ? { body: 'done!' } : {});
      await produce(run.topic, messages('a'));
      await run.start();
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 1, 'the commit');
      expect(run.fn.invocations).toHaveLength(2);
    }));

  test('[documented] without FunctionResponseTypes the answer means nothing', () =>
    withMapping({}, async (run) => {
      run.fn.answer = () => failures(run.topic, { partition: `${run.topic}-0`, offset: 0 });
      await produce(run.topic, messages('a'));
      await run.start();
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 1, 'the commit');
      expect(run.fn.invocations).toHaveLength(1);
    }));
});
