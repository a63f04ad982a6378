import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const COMMANDS = join(__dirname, '../../../../localstack/commands/deploy');

/** Runs a command as the npm script does, without any configuration of AWS. */
function run(command: string, args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const { status, stderr } = spawnSync(process.execPath, [join(COMMANDS, `${command}.ts`), ...args], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true', ...variables },
    encoding: 'utf8',
  });
  return { status, stderr };
}

describe.each(['deploy', 'remove'])('npm run %s', (command) => {
  it.each([
    [[], 'Expected --stage STAGE, found none'],
    [['--stage', 'local'], 'Stage local has the settings of the local stack'],
    [['--stage', 'Prod_1'], 'Expected a stage of lower-case letters, digits and single hyphens'],
  ])('refuses %j as a wrong call', (args, reason) => {
    const { status, stderr } = run(command, args);
    expect(stderr).toContain(reason);
    expect(status).toBe(2);
  });

  it('refuses to guess the region', () => {
    const { status, stderr } = run(command, ['--stage', 'dev']);
    expect(stderr).toContain('Expected a region, found none in --region, AWS_REGION and the profile');
    expect(status).toBe(1);
  });

  it.each(['europe', 'eu-central'])('refuses the region %s', (region) => {
    const { status, stderr } = run(command, ['--stage', 'dev'], { AWS_REGION: region });
    expect(stderr).toContain(`Expected a region such as eu-central-1, found "${region}"`);
    expect(status).toBe(2);
  });

  it('says how to get credentials, in one line', () => {
    const { status, stderr } = run(command, ['--stage', 'dev', '--region', 'eu-west-1']);
    expect(stderr).toMatch(/^Found no AWS credentials: set AWS_PROFILE, or .*\n$/);
    expect(status).toBe(1);
  });
});

it('npm run package refuses a parameter without a value', () => {
  const { status, stderr } = run('package', ['--param', 'bucket']);
  expect(stderr).toContain('Expected --param "NAME=VALUE", found "bucket"');
  expect(status).toBe(2);
});
