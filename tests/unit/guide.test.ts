import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts;
const GUIDES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
/** Its options are those of a package of its own, whose README its own tests check. */
const EVENT_SOURCES = 'event-sources';

/** The text with each command on one line, as a shell reads it. */
const commandsIn = (file: string) => read(file).replace(/\s+/g, ' ');

/** What a heading is linked by. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
const anchorsOf = (file: string) =>
  [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** The sources of a command: its file, and the folder if it has one of its own. */
function sourcesOf(script: string): string {
  const [, file = ''] = /((?:localstack\/commands|tests)\/\S+\.ts)/.exec(scripts[script] ?? '') ?? [];
  const folder = dirname(file);
  const files =
    folder.endsWith('/commands') || folder === 'tests/bench'
      ? [file]
      : readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
  const shared = readdirSync(join(ROOT, 'localstack/commands/stage')).map(
    (name) => `localstack/commands/stage/${name}`,
  );
  return [...files, ...shared]
    .filter((each) => each.endsWith('.ts'))
    .map(read)
    .join('\n');
}

/** Services of the command line of AWS, and what the SDK calls them. */
const CLIENTS: Readonly<Record<string, string>> = {
  cloudformation: 'cloudformation',
  cloudwatch: 'cloudwatch',
  dynamodb: 'dynamodb',
  events: 'eventbridge',
  iam: 'iam',
  lambda: 'lambda',
  logs: 'cloudwatch-logs',
  rds: 'rds',
  s3api: 's3',
  secretsmanager: 'secrets-manager',
  sns: 'sns',
  ssm: 'ssm',
};
/** Without a client among the packages of this project, or not an operation of an API. */
const OTHERS = [
  'sso login',
  'logs tail',
  'pricing get-products',
  'ce get-cost-and-usage',
  'service-quotas request-service-quota-increase',
];

describe.each(GUIDES)('%s', (file) => {
  it('names only npm scripts that exist, with options that they have', () => {
    const calls = [...commandsIn(file).matchAll(/npm run ([\w:-]+)((?: --?[\w-]*| [A-Za-z$][\w.$=…-]*)*)/g)];
    for (const [, script = '', rest = ''] of calls) {
      expect(Object.keys(scripts)).toContain(script);
      if (script === EVENT_SOURCES) continue;
      const options = [...rest.matchAll(/ (--[a-z][\w-]*)/g)].map(([, option]) => option);
      const sources = options.length === 0 ? '' : sourcesOf(script);
      expect([
        script,
        options.filter((option) => !sources.includes(`'${option} `) && !sources.includes(`'${option}'`)),
      ]).toEqual([script, []]);
    }
  });

  it('names only operations of AWS that exist', async () => {
    const calls = [...commandsIn(file).matchAll(/\baws ([a-z0-9-]+) (wait )?([a-z][a-z-]+)/g)];
    const unknown: string[] = [];
    for (const [, service = '', wait, operation = ''] of calls) {
      if (OTHERS.includes(`${service} ${operation}`)) continue;
      const client = CLIENTS[service];
      const names = client === undefined ? [] : Object.keys(await import(`@aws-sdk/client-${client}`));
      const plain = operation.replaceAll('-', '');
      const wanted = wait === undefined ? `${plain}command` : `waituntil${plain}`;
      // "available" is a state of its own name for the waiters of RDS.
      if (!names.some((name) => name.toLowerCase() === wanted)) unknown.push(`aws ${service} ${operation}`);
    }
    expect(unknown).toEqual([]);
  });

  it('links only to files and headings that exist', () => {
    const links = [...read(file).matchAll(/\]\((?!https:)([^)#]*)(?:#([^)]*))?\)/g)];
    const broken = links.filter(([, path = '', anchor]) => {
      const target = path === '' ? file : join(dirname(file), path);
      return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it('refers only to files and pictures that exist', () => {
    const named = [...read(file).matchAll(/`((?:functions|infra|sql|tests|localstack)\/[\w./-]+)`/g)].map(
      (match) => match[1],
    );
    const pictures = [...read(file).matchAll(/(?:!\[[^\]]*\]\(|src="|srcset=")([^)"]+)/g)].map((match) =>
      join(dirname(file), match[1] ?? ''),
    );
    expect([...named, ...pictures].filter((path) => !existsSync(join(ROOT, path ?? '')))).toEqual([]);
  });

  it('reads only values that the data stack has stored', () => {
    const named = [...commandsIn(file).matchAll(/(?<!-)\bvalue (\w+)|\/employee-streams\/\w+\/(\w+)/g)].map(
      ([, short, long]) => short ?? long,
    );
    const stored = [...read('infra/data/outputs.yml').matchAll(/\/employee-streams\/\$\{sls:stage\}\/(\w+)/g)];
    const names = stored.map(([, name]) => name);
    expect(named.filter((name) => /^[A-Z]/.test(name ?? '') && !names.includes(name))).toEqual([]);
  });

  it('names only parameters of a stage that exist', () => {
    const named = [...commandsIn(file).matchAll(/--param (\w+)=/g)].map(([, name]) => name);
    const known = [...read('infra/stages.yml').matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name);
    expect(named.filter((name) => name !== 'NAME' && !known.includes(name))).toEqual([]);
  });
});

it.each(['docs/aws.md', 'docs/runbooks.md', 'docs/alarms.md'])('%s has commands of the project and of AWS', (file) => {
  expect(commandsIn(file).match(/npm run \w+/g)?.length).toBeGreaterThan(5);
  expect(commandsIn(file).match(/\baws \w+/g)?.length).toBeGreaterThan(3);
});

describe('the runbooks', () => {
  it('let CloudFormation replace what a restore or an upgrade replaces', () => {
    const parameter = /--param (?:source|target)(?:Snapshot|Instance|DatabaseVersion)=/;
    const deployments = [...commandsIn('docs/runbooks.md').matchAll(/`(npm run deploy [^`]*)`/g)].flatMap(
      ([, call]) => call ?? [],
    );
    // Of a new stage, nothing is replaced.
    const replacing = deployments.filter((call) => parameter.test(call) && !call.includes('existingBucket'));
    expect(replacing.length).toBeGreaterThan(3);
    expect(replacing.filter((call) => !call.includes('--param keepOnFailure=false'))).toEqual([]);
  });
});

describe('the guide', () => {
  const guide = read('docs/aws.md');

  it('has a command for each question that only an account can answer', () => {
    const [, table = ''] = guide.split('## What only an account can tell');
    const rows = [...table.matchAll(/^\| (?!open|--)(.*) \|$/gm)].map(([, row = '']) => row.split(' | '));
    expect(rows.length).toBeGreaterThan(8);
    for (const row of rows)
      expect(row).toEqual([expect.any(String), expect.stringContaining('`aws '), expect.any(String)]);
  });

  it.each(['idle', '1 million rows', '100 million rows', '100 million changes'])('says what it costs: %s', (what) => {
    expect(guide).toContain(what);
  });
});
