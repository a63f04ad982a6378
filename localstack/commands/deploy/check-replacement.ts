import type { DeployedStack, StackResource } from './account.ts';
import { type Place, type Template, textOf } from './template.ts';

const SIDES = ['Source', 'Target'] as const;

/**
 * Databases that the deployment would replace by new ones, and a bucket that it would no longer use, although nothing asks for
 * it. After a restore this happens when a later deployment lacks the parameters of the restore.
 *
 * @param parameters those of the command, such as `sourceInstance=source-2`
 */
export function checkReplacement(
  template: Template,
  place: Place,
  { parameters: deployed }: DeployedStack,
  resources: readonly StackResource[],
  parameters: readonly string[],
): readonly string[] {
  const given = parameters.map((parameter) => parameter.replace(/=.*$/s, ''));
  const databases = SIDES.flatMap((side) => {
    const instance = `${side.toLowerCase()}Instance`;
    const snapshot = `${side.toLowerCase()}Snapshot`;
    const before = resources.find(({ logicalId }) => logicalId === `${side}Database`)?.physicalId;
    const properties = template.Resources[`${side}Database`]?.Properties ?? {};
    const after = textOf(properties['DBInstanceIdentifier'], template, place);
    if (before === undefined || after === undefined) return [];
    if (before !== after) {
      return given.includes(instance)
        ? []
        : [
            `The database ${before} would be replaced by ${after}: write ${instance} and ${snapshot} into infra/stages.yml as they were deployed. If it is to be replaced, say so with --param "${instance}=NAME".`,
          ];
    }
    const earlier = deployed[`${side}Snapshot`] ?? '';
    const later = textOf({ Ref: `${side}Snapshot` }, template, place) ?? '';
    return earlier === later
      ? []
      : [
          `The database ${before} was deployed with ${snapshot} "${earlier}", found "${later}", for which CloudFormation would replace it: write the earlier one into infra/stages.yml. If it is to be replaced, give it another name with --param "${instance}=NAME".`,
        ];
  });
  const bucket = deployed['ExistingBucket'] ?? '';
  const isOther = bucket !== (textOf({ Ref: 'ExistingBucket' }, template, place) ?? '');
  if (resources.length === 0 || !isOther || given.includes('existingBucket')) return databases;
  return [
    ...databases,
    `The stage was deployed with existingBucket "${bucket}", and would have another bucket, without its files: write it into infra/stages.yml. If another one is wanted, say so with --param "existingBucket=NAME".`,
  ];
}
