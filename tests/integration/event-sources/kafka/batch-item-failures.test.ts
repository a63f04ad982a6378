import { failed, invokedOffsets, messages } from '../../../support/event-sources/failures.ts';
import { produce } from '../../../support/event-sources/kafka-client.ts';
import { provisioned, withMapping } from '../../../support/event-sources/mapping-run.ts';
import { eventually } from '../../../support/eventually.ts';

describe('Partial batch responses', () => {
  const reporting = { ...provisioned, FunctionResponseTypes: ['ReportBatchItemFailures'] };
  const failures = (topic: string, ...items: unknown[]) => ({
    body: JSON.stringify({ batchItemFailures: items.map((itemIdentifier) => ({ itemIdentifier })) }),
    topic,
  });

  test('[documented] only the reported records are retried; [inferred] the commit stops at the lowest of them', () =>
    withMapping({ properties: { ...reporting, BatchSize: 4 } }, async (run) => {
      const partition = `${run.topic}-0`;
      let release = false;
      run.fn.respond = (_event, count) => {
        if (count === 1) return failures(run.topic, { partition, offset: 3 }, { partition, offset: 1 });
        return release ? {} : failed;
      };
      await produce(run.topic, messages('a', 'b', 'c', 'd', 'e'));
      await run.start();
      await eventually(() => run.fn.invocations.length >= 3);
      expect(invokedOffsets(run).slice(0, 3)).toEqual([
        [0, 1, 2, 3],
        [1, 3],
        [1, 3],
      ]);
      await run.untilCommitted(1);
      release = true;
      await eventually(() => run.fn.values.includes('e'));
    }));

  test.each([
    ['a string, as SQS uses', 'MESSAGE-ID'],
    ['an offset that is not in the event', { partition: 'TOPIC-0', offset: 99 }],
    ['a partition that is not in the event', { partition: 'TOPIC-7', offset: 0 }],
    ['an offset as a string', { partition: 'TOPIC-0', offset: '0' }],
  ])('[documented] identifier: %s fails the whole batch', (_name, identifier) =>
    withMapping({ properties: reporting }, async (run) => {
      const text = JSON.stringify(identifier).replace('TOPIC', run.topic);
      run.fn.respond = (_event, count) =>
        count === 1 ? { body: `{"batchItemFailures":[{"itemIdentifier":${text}}]}` } : {};
      await produce(run.topic, messages('a', 'b'));
      await run.start();
      await run.untilCommitted(2);
      expect(invokedOffsets(run)).toEqual([
        [0, 1],
        [0, 1],
      ]);
    }),
  );

  test.each(['{}', 'null', '', '{"batchItemFailures":[]}', '{"batchItemFailures":null}'])(
    '[documented] the response %j is a success',
    (body) =>
      withMapping({ properties: reporting }, async (run) => {
        run.fn.respond = () => ({ body });
        await produce(run.topic, messages('a', 'b'));
        await run.start();
        await run.untilCommitted(2);
        expect(run.fn.invocations).toHaveLength(1);
      }),
  );

  test('[inferred] a response that is not JSON fails the whole batch', () =>
    withMapping({ properties: reporting }, async (run) => {
      run.fn.respond = (_event, count) => (count === 1 ? { body: 'done!' } : {});
      await produce(run.topic, messages('a'));
      await run.start();
      await run.untilCommitted(1);
      expect(run.fn.invocations).toHaveLength(2);
    }));

  test('[documented] without FunctionResponseTypes the response is ignored', () =>
    withMapping({}, async (run) => {
      run.fn.respond = () => failures(run.topic, { partition: `${run.topic}-0`, offset: 0 });
      await produce(run.topic, messages('a'));
      await run.start();
      await run.untilCommitted(1);
      expect(run.fn.invocations).toHaveLength(1);
    }));
});
