/** A room is a folder without its subfolders (`…/`) or a single file; several paths make one room together. */
type Room = string | readonly string[];

/**
 * From the bottom up. A file may import its own room and the rooms of the layers below. Rooms of one layer never import
 * one another.
 */
type Layers = readonly (readonly Room[])[];

export const FUNCTION_NAMES = [
  'apply-changes',
  'dashboard',
  'index-dead-letters',
  'load-salaries',
  'poll-changes',
  'provision',
  'reconcile-bucket',
  'redrive',
  'transform-csv',
  'verify-replica',
  'watch-replica',
];

const FUNCTIONS: Layers = [
  ['functions/core/'],
  ['functions/ports/'],
  // How the rows of a salary file are read: transform-csv reads whole files, redrive single rows.
  ['functions/csv/'],
  [
    'functions/runtime/',
    'functions/adapters/dynamodb/',
    'functions/adapters/kafka/',
    'functions/adapters/lambda/',
    'functions/adapters/postgres/',
    'functions/adapters/s3/',
    // The use cases.
    'functions/apply-changes/',
    ['functions/dashboard/', 'functions/dashboard/page/', 'functions/dashboard/assets/'],
    'functions/index-dead-letters/',
    'functions/load-salaries/',
    'functions/poll-changes/',
    'functions/provision/',
    'functions/reconcile-bucket/',
    'functions/verify-replica/',
    'functions/redrive/',
    'functions/watch-replica/',
    ['functions/transform-csv/', 'functions/transform-csv/retries/'],
  ],
  FUNCTION_NAMES.map((name) => `functions/${name}/config.ts`),
  // What the handler and the tests of the pipeline share: it joins the use case and the adapters.
  FUNCTION_NAMES.map((name) => `functions/${name}/wiring.ts`),
  FUNCTION_NAMES.map((name) => `functions/${name}/handler.ts`),
];

const EVENT_SOURCES: Layers = [
  ['localstack/event-sources/suggestion.ts'],
  [
    'localstack/event-sources/clock.ts',
    'localstack/event-sources/logger.ts',
    'localstack/event-sources/node-20.ts',
    'localstack/event-sources/options.ts',
    'localstack/event-sources/filter/',
    'localstack/event-sources/metrics/',
    'localstack/event-sources/storage/',
  ],
  ['localstack/event-sources/model/'],
  ['localstack/event-sources/standstill/', 'localstack/event-sources/kafka/assignors/'],
  [
    'localstack/event-sources/invoke/',
    'localstack/event-sources/kafka/consumer/',
    'localstack/event-sources/kafka/schema/',
  ],
  [
    'localstack/event-sources/kafka/event/',
    'localstack/event-sources/kafka/offsets/',
    'localstack/event-sources/s3/',
    'localstack/event-sources/schedule/',
  ],
  [
    'localstack/event-sources/destinations/',
    'localstack/event-sources/kafka/batching/',
    'localstack/event-sources/kafka/delivery/',
    [
      'localstack/event-sources/template/',
      'localstack/event-sources/template/kafka-mapping/',
      'localstack/event-sources/template/sam/',
    ],
  ],
  ['localstack/event-sources/kafka/', 'localstack/event-sources/template/from-serverless/'],
  [
    'localstack/event-sources/event-sources.ts',
    'localstack/event-sources/read-model.ts',
    'localstack/event-sources/runner/',
  ],
  [
    'localstack/event-sources/api.ts',
    'localstack/event-sources/cli.ts',
    'localstack/event-sources/plugin.ts',
    'localstack/event-sources/send.ts',
    'localstack/event-sources/example/src/',
  ],
];

const STACK: Layers = [
  [['localstack/check-node.js', 'localstack/check-node.d.ts']],
  ['localstack/stack/endpoints.ts', 'localstack/stack/process/'],
  ['localstack/stack/aws-clients.ts', 'localstack/stack/tools/'],
  ['localstack/stack/servers/builtin-s3/protocol/'],
  ['localstack/stack/servers/builtin-s3/storage/'],
  ['localstack/stack/servers/builtin-s3/operations/'],
  ['localstack/stack/servers/builtin-s3/'],
  ['localstack/stack/servers/'],
  ['localstack/stack/service/', 'localstack/stack/doctor/'],
  // plugin.ts and the stacks.
  ['localstack/stack/'],
  ['localstack/commands/terminal/'],
  // What every command needs to work on a deployed stage.
  ['localstack/commands/stage/'],
  ['localstack/commands/'],
  [
    'localstack/commands/dashboard/',
    'localstack/commands/dead-letters/',
    'localstack/commands/demo/',
    'localstack/commands/deploy/',
    'localstack/commands/redrive/',
    'localstack/commands/status/',
    'localstack/commands/verify/',
  ],
  ['localstack/commands/start/', 'localstack/commands/check-infra/'],
];

const TREES: readonly Layers[] = [FUNCTIONS, [...EVENT_SOURCES, ...STACK]];

/** A name for the room, and its layer in its tree, the lowest one being 0. */
export interface Place {
  readonly room: string;
  readonly tree: number;
  readonly layer: number;
}

/** The place of a file of `functions` or `localstack`; `undefined` when the tables have no room for it. */
export function placeOf(path: string): Place | undefined {
  return findRoom(path) ?? findRoom(path.slice(0, path.lastIndexOf('/') + 1));
}

function findRoom(path: string): Place | undefined {
  for (const [tree, layers] of TREES.entries()) {
    for (const [layer, rooms] of layers.entries()) {
      for (const room of rooms) {
        const paths = typeof room === 'string' ? [room] : room;
        if (paths.includes(path)) return { room: paths[0] ?? '', tree, layer };
      }
    }
  }
  return undefined;
}

/** Why the tables forbid the import; `undefined` when they allow it. Both paths are files of the project. */
export function upwardArrow(from: string, to: string): string | undefined {
  const source = placeOf(from);
  const target = placeOf(to);
  if (source === undefined) return `${from} is in a room that the tables do not have`;
  if (target === undefined) return `${to} is in a room that the tables do not have`;
  if (source.tree !== target.tree) return 'functions and localstack are trees of their own';
  if (source.room === target.room || source.layer > target.layer) return undefined;
  return source.layer === target.layer
    ? `${source.room} and ${target.room} are rooms of one layer, which never import one another`
    : `${target.room} is above ${source.room}`;
}
