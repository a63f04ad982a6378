import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '../..');
const ADAPTERS = 'functions/adapters/';

/** The actions of IAM that the commands of the SDK need. `HeadObject` is only called for the present version. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  DeleteItemCommand: ['dynamodb:DeleteItem'],
  GetItemCommand: ['dynamodb:GetItem'],
  PutItemCommand: ['dynamodb:PutItem'],
  ScanCommand: ['dynamodb:Scan'],
  UpdateItemCommand: ['dynamodb:UpdateItem'],
  InvokeCommand: ['lambda:InvokeFunction'],
  GetObjectCommand: ['s3:GetObject', 's3:GetObjectVersion'],
  HeadObjectCommand: ['s3:GetObject'],
  paginateListObjectsV2: ['s3:ListBucket'],
  paginateScan: ['dynamodb:Scan'],
  GetSecretValueCommand: ['secretsmanager:GetSecretValue'],
  Signer: ['rds-db:connect'],
};

/** What a file imports of the SDK that makes a request: commands, paginators and the signer of tokens. */
const SDK_CALLS = /\b(?:[A-Z]\w+Command|paginate[A-Z]\w+|Signer)\b/g;
/** Where a client of Kafka is made. */
const KAFKA_CLIENT = /(?<!function )\bcreate(?:Admin|Produce|Reading)Client\(/;

/** Files of functions/adapters that call AWS or Kafka and that a function's bundle has, with the actions of the SDK's commands. */
export function bundledAdapters(functionName: string): ReadonlyMap<string, readonly string[]> {
  const { metafile } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [`functions/${functionName}/handler.ts`],
    ...{ bundle: true, write: false, metafile: true, packages: 'external', format: 'esm', platform: 'node' },
    logLevel: 'silent',
  });
  const callers = Object.keys(metafile.inputs)
    .filter((path) => path.startsWith(ADAPTERS))
    .flatMap((path): [string, readonly string[]][] => {
      const actions = actionsOf(path);
      return actions === undefined ? [] : [[path.slice(ADAPTERS.length, -'.ts'.length), actions]];
    });
  return new Map(callers);
}

/** `undefined` when the file calls nothing itself. @throws for a command that the list above lacks. */
function actionsOf(path: string): readonly string[] | undefined {
  const source = readFileSync(join(ROOT, path), 'utf8');
  const fromSdk = [...source.matchAll(/^import \{([^}]*)\} from '@aws-sdk\/[^']+';/gms)].map((match) => match[1] ?? '');
  const commands = new Set(fromSdk.flatMap((names) => names.match(SDK_CALLS) ?? []));
  if (commands.size === 0) return KAFKA_CLIENT.test(source) ? [] : undefined;
  const unknown = [...commands].filter((command) => ACTIONS[command] === undefined);
  if (unknown.length > 0) throw new Error(`${path}: which action of IAM does ${unknown.join(', ')} need?`);
  return [...new Set([...commands].flatMap((command) => ACTIONS[command] ?? []))];
}
