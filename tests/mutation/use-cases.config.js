import { mutationConfig } from './common.js';

// Properties would take seconds for each change otherwise.
process.env.FC_RUNS = '100';

/** The use cases, without what only joins them to adapters. */
export default mutationConfig({
  mutate: [
    'functions/*/**/*.ts',
    '!functions/{adapters,core,ports,runtime}/**',
    '!functions/*/{handler,wiring,config}.ts',
  ],
  tests: [
    'tests/unit/apply-changes',
    'tests/unit/changes',
    'tests/unit/load-salaries',
    'tests/unit/poll-changes',
    'tests/unit/provision',
    'tests/unit/reconcile-bucket',
    'tests/unit/csv',
    'tests/unit/transform-csv',
  ],
  // Handlers load SDKs, which takes seconds, and are no use cases.
  ignoredTests: ['/handler\\.test\\.ts$'],
});
