import { describeAppliedOffsets } from '../../../contract/applied-offsets.ts';
import { InMemoryEmployeeReplica } from '../../../support/cdc/in-memory-employee-replica.ts';

describeAppliedOffsets('InMemoryAppliedOffsets', async () => {
  const replica = new InMemoryEmployeeReplica();
  return { replica, appliedOffsets: replica.appliedOffsets, close: async () => {} };
});
