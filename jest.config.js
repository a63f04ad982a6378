import { fileURLToPath } from 'node:url';

// kafkajs starts timers with a negative delay, for which Node prints a warning. Jest's workers inherit this option, and so
// do the processes that tests start.
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --disable-warning=TimeoutNegativeWarning`.trim();

// Tests start many Node processes. With this cache each needs half of the CPU time to load its modules.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/node-compile', import.meta.url));

/**
 * One project a kind of test, so that each can be run alone and only those that need servers start them.
 * The sources are ES modules with `.ts` import paths that Node runs as they are; swc turns them into what Jest loads.
 */
const common = {
  transform: {
    '^.+\\.(ts|mjs|js)$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  // These packages ship ES modules only, which Jest cannot load untransformed.
  transformIgnorePatterns: [
    '/node_modules/(?!d3-|internmap/|@middy/|@platformatic/|@commander-js/|commander/|string-width/|get-east-asian-width/|strip-ansi/|ansi-regex/)',
  ],
  // middy exports itself to `import` only, which Jest's `require` does not ask for.
  moduleNameMapper: { '^@middy/([^/]+)$': '<rootDir>/node_modules/@middy/$1/index.js' },
  testEnvironment: 'node',
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json', 'node'],
  modulePathIgnorePatterns: ['/.esbuild/', '/.localstack', '<rootDir>/.stryker-tmp/', '<rootDir>/dist/'],
};

const project = (name, extra = {}) => ({
  ...common,
  displayName: name,
  testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`],
  ...extra,
});

// The examples need no servers either.
const unit = project('unit', { testMatch: ['<rootDir>/tests/{unit,examples}/**/*.test.ts'] });

const integration = project('integration', {
  globalSetup: '<rootDir>/tests/support/start-stack.ts',
  globalTeardown: '<rootDir>/tests/support/stop-stack.ts',
});

export default {
  // Most tests wait for servers half of the time, so that three workers keep two cores busy. More would start too many
  // servers at once, since some tests have whole stacks of their own.
  maxWorkers: 3,
  testSequencer: '<rootDir>/tests/support/longest-first.js',
  // Only ends what hangs: how fast a test is depends on what else the machine does, and no test is about that by itself.
  testTimeout: 120_000,
  // `npm test` leaves out faults, which take minutes: each kind has a test in another project too.
  projects: [unit, integration, project('e2e'), project('faults')],
};
