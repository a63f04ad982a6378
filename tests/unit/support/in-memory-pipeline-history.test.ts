import { describePipelineHistory } from '../../contract/pipeline-history.ts';
import { InMemoryPipelineHistory } from '../../support/in-memory-pipeline-history.ts';

describePipelineHistory('InMemoryPipelineHistory', async () => {
  const history = new InMemoryPipelineHistory();
  return { history, record: async (ticks) => history.record(ticks), close: async () => {} };
});
