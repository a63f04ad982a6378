import type { DeployedStack } from '../../../../localstack/commands/deploy/account.ts';
import { checkReplacement } from '../../../../localstack/commands/deploy/check-replacement.ts';

const PLACE = { accountId: '123456789012', region: 'eu-west-1' };
const DEPLOYED = [
  { logicalId: 'SourceDatabase', physicalId: 'es-prod-source-2', type: 'AWS::RDS::DBInstance' },
  { logicalId: 'TargetDatabase', physicalId: 'es-prod-target', type: 'AWS::RDS::DBInstance' },
];
const stack = (parameters: Readonly<Record<string, string>>): DeployedStack => ({
  ...{ status: 'UPDATE_COMPLETE', isProtected: true, parameters },
});

/** The faults of a deployment over a source that was restored as source-2 from the snapshot `before`. */
function faults(instance: string, snapshot: string, parameters: readonly string[] = [], resources = DEPLOYED) {
  const database = (id: string) => ({ Type: 'AWS::RDS::DBInstance', Properties: { DBInstanceIdentifier: id } });
  const template = {
    Parameters: { SourceSnapshot: { Default: snapshot }, TargetSnapshot: { Default: '' } },
    Resources: { SourceDatabase: database(`es-prod-${instance}`), TargetDatabase: database('es-prod-target') },
  };
  const deployed = stack({ SourceSnapshot: 'before', TargetSnapshot: '' });
  return checkReplacement(template, PLACE, deployed, resources, parameters);
}

test('a deployment with the parameters of the restore replaces nothing', () => {
  expect(faults('source-2', 'before')).toEqual([]);
});

test('a deployment without the parameters of the restore is refused, because it would create an empty database', () => {
  expect(faults('source', '')).toEqual([
    expect.stringContaining(
      'es-prod-source-2 would be replaced by es-prod-source: write sourceInstance and sourceSnapshot',
    ),
  ]);
});

test('a deployment with another snapshot and the same name is refused', () => {
  expect(faults('source-2', '', ['sourceInstance=source-2'])).toEqual([
    expect.stringContaining('was deployed with sourceSnapshot "before", found ""'),
  ]);
});

test('a parameter of the command replaces a database, and a first deployment creates it', () => {
  expect(faults('source-3', 'later', ['sourceSnapshot=later', 'sourceInstance=source-3'])).toEqual([]);
  expect(faults('source', '', ['targetInstance=target'])).toHaveLength(1);
  expect(faults('source', '', [], [])).toEqual([]);
});

test('a deployment without the existing bucket of the stage is refused', () => {
  const template = { Parameters: { ExistingBucket: { Default: '' } }, Resources: {} };
  const check = (parameters: readonly string[]) =>
    checkReplacement(template, PLACE, stack({ ExistingBucket: 'mine' }), DEPLOYED, parameters);
  expect(check([])).toEqual([expect.stringContaining('deployed with existingBucket "mine"')]);
  expect(check(['existingBucket='])).toEqual([]);
});
