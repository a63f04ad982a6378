import { restoreAwsVariables } from '../../../../localstack/commands/stage/aws-variables.ts';
import { commandFor, commandsFor, onStage, stageOption } from '../../../../localstack/commands/stage/stage-options.ts';

it("restores the operator's configuration of the AWS SDK, and nothing else", () => {
  const env = { AWS_CONFIG_FILE: '/dev/null', PATH: '/bin' };
  restoreAwsVariables(env, { AWS_PROFILE: 'prod' });
  expect(env).toEqual({ AWS_PROFILE: 'prod', PATH: '/bin' });
});

it('names the stage in every command that it tells', () => {
  expect(commandFor('npm run redrive', undefined)).toBe('npm run redrive');
  expect(commandFor('npm run dead-letters', 'prod')).toBe('npm run dead-letters -- --stage prod');
  expect(commandFor('npm run redrive -- show', 'prod')).toBe('npm run redrive -- show --stage prod');
  expect(commandsFor('1 edited: npm run verify -- --repair makes B equal, or npm run dead-letters.', 'prod')).toBe(
    '1 edited: npm run verify -- --repair --stage prod makes B equal, or npm run dead-letters -- --stage prod.',
  );
  expect([onStage('prod'), onStage(undefined)]).toEqual([' on stage prod', '']);
});

it.each(['', '-x', 'a b', '../prod', 'prod;rm'])('refuses %j as the name of a stage', (name) => {
  expect(() => stageOption().parseArg?.(name, undefined as never)).toThrow('Expected the name of a stage');
});
