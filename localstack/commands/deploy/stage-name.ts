import { UsageError } from '../terminal/program.ts';

const EXAMPLE = 'Choose one such as dev or prod: npm run deploy -- --stage dev';

/** The stage is part of the names of a bucket, two CloudFormation stacks and all functions; a bucket allows least. */
const STAGE = /^[a-z](-?[a-z0-9])*$/;

/** @throws UsageError when nothing can be deployed as this stage, with the reason. */
export function requireDeployableStage(stage: string | undefined): string {
  if (stage === undefined) throw new UsageError(`Expected --stage STAGE, found none. ${EXAMPLE}`);
  if (stage === 'local') {
    throw new UsageError(`Stage local has the settings of the local stack, which cannot work on AWS. ${EXAMPLE}`);
  }
  if (!STAGE.test(stage)) {
    throw new UsageError(
      `Expected a stage of lower-case letters, digits and single hyphens between them that begins with a letter, because it is part of the name of a bucket; found "${stage}".`,
    );
  }
  return stage;
}

/** Also of regions that are newer than this code. */
const REGION = /^[a-z]{2,}(-[a-z]+)+-\d+$/;

/** @throws UsageError when it cannot be a region. */
export function requireRegion(region: string): string {
  if (REGION.test(region)) return region;
  throw new UsageError(`Expected a region such as eu-central-1, found "${region}".`);
}

/** The parser of `--param name=value`, which may be given several times. */
export function collectParameter(text: string, earlier: readonly string[] = []): readonly string[] {
  if (/^\w+=/.test(text)) return [...earlier, text];
  throw new UsageError(`Expected --param "NAME=VALUE", found "${text}". The names are in infra/stages.yml.`);
}
