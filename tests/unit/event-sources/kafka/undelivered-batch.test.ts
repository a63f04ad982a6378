import { readFilter } from '../../../../localstack/event-sources/filter/filter-criteria.ts';
import type { MappingPipeline } from '../../../../localstack/event-sources/kafka/mapping-pipeline.ts';
import { fetched, joined, settle, threw, usePipelines } from './pipeline-rig.ts';

usePipelines();

test('[inferred] until the consumer has restarted after such a delivery, nothing commits past its batch', async () => {
  const filters = [readFilter('{"value":{"n":[{"numeric":["<",2]}]}}')];
  const { pipeline, group, invocations } = await joined({ batchSize: 1, filterCriteria: { filters } });
  pipeline.recordsFetched(fetched(0, 1), 0);
  await settle();
  await invocations[0]?.end(new Error('unexpected'));
  await jest.advanceTimersByTimeAsync(60_000);
  expect(invocations.map(({ offsets }) => offsets)).toEqual([[0]]);
  await pipeline.beforeJoin(group);
  expect(group.commits).toEqual([]);
});

test.each([
  ['was filtered out', (pipeline: MappingPipeline) => void pipeline.recordsFetched(fetched(1, 2), 1)],
  ['was skipped', (pipeline: MappingPipeline) => pipeline.recordsSkipped(0, 1, 3)],
])(
  '[inferred] a batch that was not delivered is not committed by a fetch of which everything %s',
  async (_name, fetch) => {
    const filters = [readFilter('{"value":{"n":[0]}}')];
    const { pipeline, group, invocations } = await joined({ filterCriteria: { filters } });
    pipeline.recordsFetched(fetched(0), 0);
    await settle();
    await invocations[0]?.end(new Error('unexpected'));
    fetch(pipeline);
    await settle();
    await pipeline.beforeJoin(group);
    expect(group.commits).toEqual([]);
  },
);

test('[inferred] a batch that is given back at the stop is not committed by a later fetch', async () => {
  const filters = [readFilter('{"value":{"n":[0]}}')];
  const { pipeline, group, invocations } = await joined({ filterCriteria: { filters } });
  pipeline.recordsFetched(fetched(0), 0);
  await settle();
  await invocations[0]?.end(threw);
  const stopped = pipeline.stop(5_000);
  await settle();
  pipeline.recordsFetched(fetched(1), 1);
  await settle();
  await stopped;
  expect(group.commits).toEqual([]);
});
