import { describeVerificationStore } from '../../contract/verification-store.ts';
import { InMemoryVerificationStore } from '../../support/in-memory-verification-store.ts';

describeVerificationStore('InMemoryVerificationStore', async () => ({
  store: new InMemoryVerificationStore(),
  close: async () => {},
}));
