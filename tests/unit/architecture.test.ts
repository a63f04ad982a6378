import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

const ROOT = join(__dirname, '../..');
const ROOMS = ['functions', 'localstack', 'tests', 'infra'];

interface Source {
  /** Relative to the root of the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Files of the project as their path from its root, packages as `npm:NAME`, Node's own modules as `node:NAME`. */
function importsOf({ path, text }: Source): string[] {
  const specifiers = text.matchAll(
    /^\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]/gm,
  );
  return [...specifiers].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    if (specifier.startsWith('.')) return posix.normalize(posix.join(dirname(path), specifier));
    return specifier.startsWith('node:') ? specifier : `npm:${specifier}`;
  });
}

/** Why a file may not import what it imports; `undefined` when it may. */
function breach(from: string, to: string): string | undefined {
  const [room, folder] = from.split('/');
  const isFile = !to.startsWith('npm:') && !to.startsWith('node:');
  const isWiring = /^functions\/[^/]+\/(handler|wiring)\.ts$/.test(from);
  if (room === 'tests') return undefined;
  if (to.startsWith('tests/')) return 'nobody imports tests';
  if (/^npm:(@?kafkajs|@platformatic\/kafka)\b/.test(to) && !MAY_SPEAK_KAFKA.some((home) => from.startsWith(home))) {
    return 'only the Kafka adapter, the event sources and what starts Kafka may use its client';
  }
  if (from.startsWith('localstack/event-sources/') && isFile && !to.startsWith('localstack/event-sources/')) {
    return 'event sources could be a package of its own';
  }
  if (room === 'localstack') return to.startsWith('functions/') ? 'localstack never imports functions' : undefined;
  if (room !== 'functions') return undefined;
  if (isFile && !to.startsWith('functions/')) return 'functions import nothing outside themselves';

  if (folder === 'core') return to.startsWith('functions/core/') ? undefined : 'core imports nothing but core';
  if (folder === 'ports') return inside(to, 'core', 'ports') ? undefined : 'ports import nothing but core';
  if (folder === 'runtime') {
    return isFile && !inside(to, 'core', 'ports', 'runtime')
      ? 'runtime imports nothing of ours but core and ports'
      : undefined;
  }
  if (folder === 'adapters') {
    const system = from.split('/')[2] ?? '';
    return isFile && !inside(to, 'core', 'ports', `adapters/${system}`)
      ? 'an adapter imports core, never another one'
      : undefined;
  }
  if (isWiring) {
    return isFile && !inside(to, 'core', 'ports', 'runtime', 'adapters', folder ?? '')
      ? 'functions meet on topics, they never import one another'
      : undefined;
  }
  if (from.endsWith('/config.ts')) {
    return inside(to, 'core', 'runtime', folder ?? '') || to === 'npm:zod'
      ? undefined
      : 'a config imports runtime, core and zod';
  }
  if (isFile)
    return inside(to, 'core', 'ports', folder ?? '') ? undefined : 'a use case imports core, handler.ts wires the rest';
  return USE_CASE_LIBRARIES.includes(to) ? undefined : 'a use case knows no SDK, clock or randomness but by its ports';
}

/** `localstack` starts Kafka and looks whether it answers, or shows what is on its topics. */
const MAY_SPEAK_KAFKA = [
  'functions/adapters/kafka/',
  'localstack/event-sources/',
  'localstack/stack/',
  'localstack/commands/',
];

/** What use cases may use beside core: parsing, types, and streams and files as Node has them. */
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

function inside(path: string, ...folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`functions/${folder}/`));
}

function sources(): Source[] {
  return ROOMS.flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|js|mjs)$/.test(file) && !file.includes('node_modules'))
      .map((file) => posix.join(room, file.replaceAll('\\', '/')))
      .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })),
  );
}

function breaches(files: readonly Source[]): string[] {
  return files.flatMap((file) =>
    importsOf(file)
      .map((to) => ({ to, why: breach(file.path, to) }))
      .filter(({ why }) => why !== undefined)
      .map(({ to, why }) => `${file.path} imports ${to}: ${why}`),
  );
}

describe('who may import whom', () => {
  const files = sources();

  it('holds for every file of the project', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(breaches(files)).toEqual([]);
  });

  it('reads the environment in handlers only, and in functions nowhere else', () => {
    const readers = files.filter(({ path, text }) => path.startsWith('functions/') && text.includes('process.env'));
    expect(readers.length).toBeGreaterThan(0);
    for (const { path, text } of readers) {
      expect(path).toMatch(/^functions\/[^/]+\/handler\.ts$/);
      expect(text.match(/process\.env/g)?.length).toBe(text.match(/loadConfig\(\w+, process\.env\)/g)?.length);
    }
  });

  it('has no clock and no randomness in core', () => {
    const impure = /\bDate\.now\(|\bnew Date\(\)|\bperformance\.|\bMath\.random\(|\brandomUUID\(|\bsetTimeout\(/;
    const core = files.filter(({ path }) => path.startsWith('functions/core/'));
    expect(core.length).toBeGreaterThan(5);
    expect(core.filter(({ text }) => impure.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it('has no switch for tests in functions', () => {
    expect(files.filter(({ path, text }) => path.startsWith('functions/') && text.includes('NODE_ENV'))).toEqual([]);
  });
});

describe('the reader of imports', () => {
  it.each([
    ['functions/core/rule.ts', "import { createHash } from 'node:crypto';", 'core imports nothing but core'],
    ['functions/core/rule.ts', "import type { X } from '../runtime/config.ts';", 'core imports nothing but core'],
    ['functions/load-salaries/loader.ts', "import { D } from '../adapters/postgres/database.ts';", 'handler.ts wires'],
    ['functions/load-salaries/loader.ts', "import pg from 'pg';", 'a use case knows no SDK'],
    ['functions/load-salaries/loader.ts', "import { randomUUID } from 'node:crypto';", 'a use case knows no SDK'],
    [
      'functions/load-salaries/handler.ts',
      "import { P } from '../provision/provisioner.ts';",
      'never import one another',
    ],
    ['functions/adapters/kafka/a.ts', "export { D } from '../postgres/database.ts';", 'never another one'],
    [
      'functions/runtime/a.ts',
      "import {\n  D,\n} from '../adapters/postgres/database.ts';",
      'nothing of ours but core',
    ],
    ['functions/runtime/a.ts', "import { Kafka } from 'kafkajs';", 'only the Kafka adapter'],
    ['functions/adapters/s3/a.ts', "const k = await import('kafkajs/src/x.js');", 'only the Kafka adapter'],
    [
      'localstack/stack/a.ts',
      "import { loadConfig } from '../../functions/runtime/config.ts';",
      'never imports functions',
    ],
    ['localstack/event-sources/kafka/a.ts', "import { s } from '../../stack/stack.ts';", 'a package of its own'],
    ['localstack/stack/a.ts', "import '../../tests/support/servers.ts';", 'nobody imports tests'],
  ])('finds the breach in %s: %s', (path, text, why) => {
    expect(breaches([{ path, text }])).toEqual([expect.stringContaining(why)]);
  });

  it.each([
    ['functions/load-salaries/loader.ts', "import { a } from '../core/errors.ts';\nimport { b } from './port.ts';"],
    ['functions/load-salaries/handler.ts', "import { a } from '../adapters/postgres/database.ts';"],
    ['tests/unit/a.test.ts', "import { a } from '../../functions/core/errors.ts';\nimport { Kafka } from 'kafkajs';"],
  ])('finds none in %s', (path, text) => {
    expect(breaches([{ path, text }])).toEqual([]);
  });
});
