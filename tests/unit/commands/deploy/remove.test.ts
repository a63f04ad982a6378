import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { FakeAws, FRESH_ACCOUNT } from '../../../support/fake-aws.ts';

const COMMAND = join(__dirname, '../../../../localstack/commands/deploy/remove.ts');
const DATA_STACK = 'employee-streams-data-prod';
const aws = new FakeAws();
let variables: Record<string, string>;

beforeAll(async () => {
  variables = await aws.start();
});
afterAll(() => aws.stop());

/** What `npm run remove` prints about a stage of both stacks. */
function remove(protectedFromDeletion: readonly string[]): Promise<string> {
  aws.account = {
    ...FRESH_ACCOUNT,
    stacks: { [DATA_STACK]: 'UPDATE_COMPLETE', 'employee-streams-prod': 'UPDATE_COMPLETE' },
    databases: { SourceDatabase: 'es-prod-source', TargetDatabase: 'es-prod-target' },
    protectedFromDeletion,
  };
  const args = [COMMAND, '--stage', 'prod', '--region', 'eu-west-1', '--with-data'];
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', ...variables };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { env, encoding: 'utf8' }, (_error, _stdout, stderr) =>
      resolve(stderr),
    );
    child.stdin?.end();
  });
}

test('refuses before anything is deleted while the stack or a database is protected, and says how to end it', async () => {
  const output = await remove([DATA_STACK, 'es-prod-target']);
  expect(output).toContain('The data stack of stage prod cannot be deleted. Nothing was deleted.');
  expect(output).toContain('--db-instance-identifier es-prod-target --no-deletion-protection');
  expect(output).not.toContain('es-prod-source');
  expect(output).toContain(`--stack-name ${DATA_STACK} --no-enable-termination-protection`);
  expect(aws.unexpected).toEqual([]);
});

test('asks before it deletes a stage that nothing protects', async () => {
  expect(await remove([])).toContain('npm run remove -- --stage prod --yes');
});
