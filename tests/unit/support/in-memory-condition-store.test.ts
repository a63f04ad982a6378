import { describeConditionStore } from '../../contract/condition-store.ts';
import { InMemoryConditionStore } from '../../support/in-memory-condition-store.ts';

describeConditionStore('InMemoryConditionStore', async (now) => {
  const store = new InMemoryConditionStore(now);
  return { store, read: async () => store.conditions };
});
