import { FUNCTION_NAMES, placeOf, upwardArrow } from './architecture/rooms.ts';
import { importCycles, importsOf, readSourceFiles, type SourceFile } from './architecture/source-files.ts';

/** Packages and modules of Node that use cases may import: parsers, types, streams and buffers, and files for migrations. */
const USE_CASE_LIBRARIES = [
  'npm:csv-parse',
  'npm:csv-parse/sync',
  'npm:zod',
  'npm:aws-lambda',
  'node:fs/promises',
  'node:path',
  'node:stream',
  'node:stream/promises',
  'node:string_decoder',
  'node:buffer',
];

/** What the operators' page is made with: routing and escaping, charts, and the hashes and compression of responses. */
const PAGE_LIBRARIES = /^(npm:(hono|d3-scale|d3-shape)(\/|$)|node:(crypto|zlib)$)/;

/** Only these may import a Kafka client; localstack probes Kafka and reads offsets for `npm run status`. */
const KAFKA_CLIENT_USERS = [
  'functions/adapters/kafka/',
  'localstack/event-sources/',
  'localstack/stack/',
  'localstack/commands/',
];

/** The function that a file in a function's folder belongs to. */
function functionOf(path: string): string | undefined {
  const [tree, folder = ''] = path.split('/');
  return tree === 'functions' && FUNCTION_NAMES.includes(folder) ? folder : undefined;
}

/** Why a file may not import a file, package or module; `undefined` when it may. */
function violation(from: string, to: string): string | undefined {
  const [tree] = from.split('/');
  if (tree === 'tests') return undefined;
  if (to.startsWith('tests/')) return 'nothing outside tests imports tests';
  if (/^npm:(@?kafkajs|@platformatic\/kafka)\b/.test(to) && !KAFKA_CLIENT_USERS.some((user) => from.startsWith(user))) {
    return 'only the Kafka adapter, the event sources and the local stack may use a Kafka client';
  }
  if (tree !== 'functions' && tree !== 'localstack') return undefined;
  if (to.startsWith('npm:') || to.startsWith('node:')) return libraryViolation(from, to);
  if (from.startsWith('localstack/') && to.startsWith('functions/')) return sharedWithCommandsViolation(from, to);
  if (from.startsWith('localstack/event-sources/') && !to.startsWith('localstack/event-sources/')) {
    return 'the event sources are a package of their own';
  }
  if (/^localstack\/(?!event-sources\/).*->localstack\/event-sources\/.*\//.test(`${from}->${to}`)) {
    return "from outside, only the top folder's files of the event sources";
  }
  const target = functionOf(to);
  if (target !== undefined && functionOf(from) !== undefined && functionOf(from) !== target) {
    return 'functions meet on topics and never import one another';
  }
  return upwardArrow(from, to);
}

/** Commands that show the state of the pipelines read it as the functions do, and judge it by the same rules. */
function sharedWithCommandsViolation(from: string, to: string): string | undefined {
  if (!from.startsWith('localstack/commands/')) return 'of localstack, only commands import functions';
  return /^functions\/(core|ports|adapters)\//.test(to) ? undefined : 'commands import only core, ports and adapters';
}

function libraryViolation(from: string, to: string): string | undefined {
  if (/^functions\/(core|ports)\//.test(from)) return 'core and ports import no library';
  if (functionOf(from) === undefined || /\/(wiring|handler)\.ts$/.test(from)) return undefined;
  if (from.endsWith('/config.ts')) return to === 'npm:zod' ? undefined : 'a config imports no library but zod';
  if (functionOf(from) === 'dashboard' && PAGE_LIBRARIES.test(to)) return undefined;
  return USE_CASE_LIBRARIES.includes(to) ? undefined : 'a use case reaches SDKs, clock and randomness through ports';
}

function violations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap((to) => {
      const why = violation(file.path, to);
      return why === undefined ? [] : [`${file.path} imports ${to}: ${why}`];
    }),
  );
}

const files = readSourceFiles();
const inFunctions = files.filter(({ path }) => path.startsWith('functions/'));

describe('the project', () => {
  test('has only imports that the tables allow', () => {
    expect(files.length).toBeGreaterThan(400);
    expect(violations(files)).toEqual([]);
  });

  test('has a room in the tables for every source file of functions and localstack', () => {
    const homeless = files.filter(({ path }) => /^(functions|localstack)\//.test(path) && placeOf(path) === undefined);

    expect(homeless.map(({ path }) => path)).toEqual([]);
  });

  test('has no import cycles', () => {
    expect(importCycles(files)).toEqual([]);
  });

  test('reads the environment in handlers only, through loadConfig', () => {
    const readers = inFunctions.filter(({ text }) => text.includes('process.env'));

    expect(readers.length).toBeGreaterThan(0);
    for (const { path, text } of readers) {
      expect(path).toMatch(/^functions\/[^/]+\/handler\.ts$/);
      expect(text.match(/process\.env/g)?.length).toBe(text.match(/loadConfig\(\w+, process\.env\)/g)?.length);
    }
  });

  test('has no clock and no randomness in core', () => {
    const impure = /\bDate\.now\(|\bnew Date\(\)|\bperformance\.|\bMath\.random\(|\brandomUUID\(|\bsetTimeout\(/;
    const core = files.filter(({ path }) => path.startsWith('functions/core/'));

    expect(core.length).toBeGreaterThan(5);
    expect(core.filter(({ text }) => impure.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test('has no switch for tests in functions', () => {
    expect(inFunctions.filter(({ text }) => text.includes('NODE_ENV')).map(({ path }) => path)).toEqual([]);
  });
});

describe('the rules', () => {
  test.each([
    // Layers of functions.
    ['functions/core/rule.ts', "import { createHash } from 'node:crypto';", 'core and ports import no library'],
    [
      'functions/core/rule.ts',
      "import type { X } from '../ports/clock.ts';",
      'functions/ports/ is above functions/core/',
    ],
    ['functions/ports/a.ts', "import type { D } from '../adapters/s3/s3-client.ts';", 'is above functions/ports/'],
    ['functions/ports/a.ts', "import type { Pool } from 'pg';", 'core and ports import no library'],
    ['functions/load-salaries/a.ts', "import { D } from '../adapters/postgres/database.ts';", 'rooms of one layer'],
    ['functions/load-salaries/a.ts', "import { c } from '../runtime/config.ts';", 'rooms of one layer'],
    ['functions/load-salaries/a.ts', "import { shape } from './config.ts';", 'is above functions/load-salaries/'],
    ['functions/load-salaries/a.ts', "import pg from 'pg';", 'a use case reaches SDKs'],
    ['functions/load-salaries/a.ts', "import { randomUUID } from 'node:crypto';", 'a use case reaches SDKs'],
    ['functions/load-salaries/config.ts', "import pg from 'pg';", 'no library but zod'],
    ['functions/load-salaries/a.ts', "import { connect } from './wiring.ts';", 'wiring.ts is above'],
    ['functions/load-salaries/config.ts', "import { handler } from './handler.ts';", 'handler.ts is above'],
    [
      'functions/load-salaries/handler.ts',
      "import { P } from '../provision/provisioner.ts';",
      'functions meet on topics',
    ],
    ['functions/adapters/kafka/a.ts', "export { D } from '../postgres/database.ts';", 'rooms of one layer'],
    [
      'functions/adapters/kafka/a.ts',
      "import { L } from '../../load-salaries/salary-loader.ts';",
      'rooms of one layer',
    ],
    ['functions/runtime/a.ts', "import {\n  D,\n} from '../adapters/postgres/database.ts';", 'rooms of one layer'],
    ['functions/runtime/a.ts', "import { Kafka } from 'kafkajs';", 'only the Kafka adapter'],
    ['functions/adapters/s3/a.ts', "const k = await import('kafkajs/src/x.js');", 'only the Kafka adapter'],
    ['functions/core/a.ts', "export * from '../../localstack/stack/endpoints.ts';", 'trees of their own'],
    // Rooms that the tables do not have.
    ['functions/utils/a.ts', "import { a } from '../core/errors.ts';", 'a room that the tables do not have'],
    ['functions/utils/handler.ts', "import { a } from '../core/errors.ts';", 'a room that the tables do not have'],
    ['functions/load-salaries/a.ts', "import { a } from './parts/b.ts';", 'a room that the tables do not have'],
    ['localstack/stack/parts/a.ts', "import { a } from '../endpoints.ts';", 'a room that the tables do not have'],
    ['localstack/event-sources/a.ts', "import { a } from './clock.ts';", 'a room that the tables do not have'],
    // Layers of localstack.
    ['localstack/stack/a.ts', "import { c } from '../../functions/core/verdict.ts';", 'only commands import functions'],
    [
      'localstack/commands/a.ts',
      "import { c } from '../../functions/runtime/config.ts';",
      'only core, ports and adapters',
    ],
    [
      'localstack/event-sources/kafka/a.ts',
      "import { s } from '../../stack/local-stack.ts';",
      'a package of their own',
    ],
    ['localstack/event-sources/model/a.ts', "import type { Q } from '../invoke/async-queue.ts';", 'is above'],
    ['localstack/event-sources/invoke/a.ts', "import { e } from '../event-sources.ts';", 'is above'],
    ['localstack/event-sources/s3/a.ts', "import { e } from '../schedule/expression.ts';", 'rooms of one layer'],
    [
      'localstack/commands/a.ts',
      "import { e } from '../event-sources/filter/pattern.ts';",
      "only the top folder's files",
    ],
    ['localstack/stack/process/a.ts', "import { b } from '../tools/java.ts';", 'is above'],
    ['localstack/stack/servers/a.ts', "import { b } from '../service/settings.ts';", 'is above'],
    ['localstack/stack/service/a.ts', "import { b } from '../local-stack.ts';", 'localstack/stack/ is above'],
    ['localstack/stack/local-stack.ts', "import { b } from '../commands/upload.ts';", 'localstack/commands/ is above'],
    ['localstack/stack/a.ts', "import '../../tests/support/servers.ts';", 'nothing outside tests imports tests'],
  ])('forbid that %s has %j', (path, text, why) => {
    expect(violations([{ path, text }])).toEqual([expect.stringContaining(why)]);
  });

  test.each([
    ['functions/load-salaries/a.ts', "import { a } from '../core/errors.ts';\nimport { b } from './b.ts';"],
    ['functions/load-salaries/a.ts', "import type { Clock } from '../ports/clock.ts';"],
    ['functions/transform-csv/retries/a.ts', "import { b } from '../b.ts';"],
    ['functions/adapters/s3/a.ts', "import type { ObjectStore } from '../../ports/object-store.ts';"],
    ['functions/load-salaries/handler.ts', "import { a } from '../adapters/postgres/database.ts';"],
    ['localstack/stack/service/a.ts', "import { options } from '../../event-sources/options.ts';"],
    ['localstack/commands/a.ts', "import { a } from '../../functions/core/verdict.ts';"],
    ['localstack/commands/status/a.ts', "import { D } from '../../../functions/adapters/postgres/database.ts';"],
    ['tests/unit/a.test.ts', "import { a } from '../../functions/core/errors.ts';\nimport { Kafka } from 'kafkajs';"],
  ])('allow that %s has %j', (path, text) => {
    expect(violations([{ path, text }])).toEqual([]);
  });

  test('find an import cycle', () => {
    const cycle = importCycles([
      { path: 'functions/core/a.ts', text: "import { b } from './b.ts';" },
      { path: 'functions/core/b.ts', text: "import { c } from './c.ts';\nimport { d } from './d.ts';" },
      { path: 'functions/core/c.ts', text: "import { d } from './d.ts';" },
      { path: 'functions/core/d.ts', text: "import { c } from './c.ts';" },
    ]);

    expect(cycle).toEqual([['functions/core/c.ts', 'functions/core/d.ts', 'functions/core/c.ts']]);
  });
});
