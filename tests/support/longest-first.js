import Sequencer from '@jest/test-sequencer';

/**
 * The files that take longest, because they start servers or whole stacks of their own, the longest first.
 *
 * On a new clone Jest does not know how long a file takes and orders by size. A short file that takes a minute would run
 * last, while the other workers have nothing to do.
 */
export const longest = [
  'e2e/pipelines.test.ts',
  'e2e/local-stack-start.test.ts',
  'integration/adapters/kafka/kafka-cluster.test.ts',
  'integration/local-stack/local-stack.test.ts',
  'integration/changes/faults.test.ts',
  'integration/verify-replica/verify.test.ts',
  'integration/event-sources/kafka/memory.test.ts',
  'integration/local-stack/object-server.test.ts',
  'integration/package.test.ts',
  'integration/event-sources/package.test.ts',
  'e2e/page-in-browser.test.ts',
  'integration/local-stack/surroundings.test.ts',
  'integration/adapters/kafka/kafka-broker-failures.test.ts',
  'integration/redrive/killed-redrive.test.ts',
  'integration/changes/outages.test.ts',
  'integration/event-sources/kafka/java-members.test.ts',
  'integration/event-sources/plugin.test.ts',
  'integration/changes/cost.test.ts',
  'integration/changes/values.test.ts',
  'integration/changes/restore.test.ts',
  'integration/changes/convergence.test.ts',
  'unit/infra/data-stack.test.ts',
  'unit/infra/functions-stack.test.ts',
  'unit/infra/permissions.test.ts',
  'unit/csv/row-scanner.property.test.ts',
];

/** Jest's order, but the longest files come first as long as their duration is unknown. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path, duration }) => {
      const index = longest.findIndex((file) => path.endsWith(`/tests/${file}`));
      return index < 0 || duration !== undefined ? longest.length : index;
    };
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b));
  }
}
