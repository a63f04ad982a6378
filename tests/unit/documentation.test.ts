import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyChangesShape } from '../../functions/apply-changes/config.ts';
import { loadSalariesShape } from '../../functions/load-salaries/config.ts';
import { pollChangesShape } from '../../functions/poll-changes/config.ts';
import { provisionShape } from '../../functions/provision/config.ts';
import { METRIC } from '../../functions/runtime/metrics.ts';
import { reconcileBucketShape } from '../../functions/reconcile-bucket/config.ts';
import { transformCsvShape } from '../../functions/transform-csv/config.ts';
import { verifyReplicaShape } from '../../functions/verify-replica/config.ts';
import { watchReplicaShape } from '../../functions/watch-replica/config.ts';
import { FUNCTION_NAMES } from './architecture/rooms.ts';

const ROOT = join(__dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const scripts = Object.keys(JSON.parse(read('package.json')).scripts);

const examples = readdirSync(join(ROOT, 'tests/examples')).map((file) => file.replace(/\.test\.ts$/, ''));

it('each function has an example of a test of its handler', () => {
  expect(examples.toSorted()).toEqual(FUNCTION_NAMES.toSorted());
});

const readme = read('README.md');

it('the README shows one of the examples as it is', () => {
  const shown = examples.filter((name) => readme.includes(`\n${read(`tests/examples/${name}.test.ts`)}\`\`\`\n`));
  expect(shown).toHaveLength(1);
});

describe('the reference', () => {
  const text = read('docs/reference.md');

  it('explains every environment variable of the functions', () => {
    const shapes = [
      transformCsvShape,
      loadSalariesShape,
      reconcileBucketShape,
      pollChangesShape,
      applyChangesShape,
      provisionShape,
      verifyReplicaShape,
      watchReplicaShape,
    ];
    const setByLambda = ['AWS_REGION', 'AWS_LAMBDA_FUNCTION_NAME'];
    const names = [...new Set(shapes.flatMap(Object.keys))].filter((name) => !setByLambda.includes(name));
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it('says what to do about every code that the status can show', () => {
    const sources = ['functions', 'localstack/commands'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => read(join(folder, path))),
    );
    const codesIn = (source: string) => [...source.matchAll(/'(PIPE_[A-Z_]+)'/g)].map((match) => match[1] ?? '');
    // Of rows, records and files that become dead letters.
    const ofDeadLetter =
      /^PIPE_(CHANGE_|ROW_|DEAD_LETTER_|SALARY_RECORD|UNKNOWN_FILE|WRITE_SUPPRESSED|FILE_(?!STANDS_STILL|NOT_STARTED))/;
    const shown = [...new Set(sources.flatMap(codesIn))].filter((code) => !ofDeadLetter.test(code)).sort();
    const explained = [...text.matchAll(/`(PIPE_[A-Z_]+)`/g)].map((match) => match[1] ?? '').sort();
    expect(explained).toEqual(shown);
  });

  it('has every metric', () => {
    const names = Object.values(METRIC).map(({ name }) => name);
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it('names every npm script but the usual ones', () => {
    const usual = ['typecheck', 'lint', 'format', 'format:check', 'test', 'start'];
    const unnamed = scripts.filter((name) => !usual.includes(name) && !text.includes(`npm run ${name}`));
    expect(unnamed).toEqual([]);
  });
});
