import jestConfig from './jest.config.js';

/**
 * `npm run test:mutation` changes the rules and the use cases, one small change at a time, and reports each change that
 * no unit test notices. `npm run test:mutation -- --mutate functions/core/hire-date.ts` takes one file only, and
 * `--incremental` repeats only what changed since the last run.
 */

// The convergence property would take seconds for each change otherwise.
process.env.FC_RUNS = '100';

const unit = jestConfig.projects.find(({ displayName }) => displayName === 'unit');

export default {
  mutate: [
    'functions/core/**/*.ts',
    'functions/*/**/*.ts',
    '!functions/{adapters,ports,runtime}/**',
    '!functions/*/{handler,wiring,config}.ts',
  ],
  testRunner: 'jest',
  jest: {
    config: {
      ...unit,
      // Stryker merges this with jest.config.js, whose other projects need servers.
      projects: [],
      // Jest searches these folders for each change.
      roots: ['<rootDir>/functions', '<rootDir>/tests/unit', '<rootDir>/tests/support'],
      // What loads SDKs is slow and is no test of a rule, and what reads the sources finds the changes in them.
      testPathIgnorePatterns: [
        '/(handler|architecture|declarations|documentation|template|docker-compose|lockfile)\\.test\\.ts$',
        '/tests/unit/(adapters|commands|event-sources|infra|runtime|stack|support)/',
      ],
    },
  },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // On a busy machine a test takes many times longer than in the first run.
  timeoutMS: 30_000,
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: '.stryker-tmp/mutation.json' },
  incrementalFile: '.stryker-tmp/incremental.json',
  // Stryker rewrites tsconfig.json with an API that TypeScript 7 does not have. Jest does without the file.
  ignorePatterns: ['.esbuild', '.localstack*', '.serverless', 'dist', 'tsconfig.json'],
};
