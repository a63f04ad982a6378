import { mutationConfig } from './common.js';

// Properties would take seconds for each change otherwise.
process.env.FC_RUNS = '100';

/** The use cases, without what only joins them to adapters. */
export default mutationConfig({
  mutate: [
    'functions/*/**/*.ts',
    '!functions/{adapters,core,ports,runtime}/**',
    '!functions/*/{handler,wiring,config}.ts',
    // Markup and drawings: most of their changes are another word, class or place, which is no rule. The e2e tests read
    // the pages in Chromium.
    '!functions/dashboard/page/**',
    'functions/dashboard/page/format.ts',
  ],
  tests: [
    'tests/unit/apply-changes',
    'tests/unit/changes',
    'tests/unit/csv',
    'tests/unit/dashboard',
    'tests/unit/index-dead-letters',
    'tests/unit/load-salaries',
    'tests/unit/poll-changes',
    'tests/unit/provision',
    'tests/unit/reconcile-bucket',
    'tests/unit/redrive',
    'tests/unit/transform-csv',
    'tests/unit/verify-replica',
    'tests/unit/watch-replica',
  ],
  // Handlers load SDKs, which takes seconds, and are no use cases.
  ignoredTests: ['/handler\\.test\\.ts$'],
});
