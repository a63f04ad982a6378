import jestConfig from '../../jest.config.js';

const unit = jestConfig.projects.find(({ displayName }) => displayName === 'unit');

/**
 * Settings of the mutation tester, which changes `mutate` one small change at a time and reports each change that no
 * test in `tests` detects.
 */
export const mutationConfig = ({ mutate, tests, ignoredTests = [] }) => ({
  mutate,
  testRunner: 'jest',
  jest: {
    config: {
      ...unit,
      // Stryker merges this with jest.config.js, whose other projects need servers.
      projects: [],
      // Jest reads these folders again for each change, and finds tests of a file through what the tests share.
      roots: ['functions', 'tests/support', ...tests].map((folder) => `<rootDir>/${folder}`),
      testPathIgnorePatterns: ignoredTests,
    },
  },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // On a busy machine a test takes many times longer than in the first run.
  timeoutMS: 10_000,
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: '.stryker-tmp/mutation.json' },
  incrementalFile: '.stryker-tmp/incremental.json',
  thresholds: { high: 95, low: 90, break: 90 },
  // Stryker rewrites tsconfig.json with an API that TypeScript 7 does not have. Jest does without the file.
  ignorePatterns: ['.esbuild', '.localstack*', '.serverless', 'dist', 'tsconfig.json'],
});
