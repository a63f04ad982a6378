/** Values of CloudFormation's pseudo parameters, such as `AWS::Region`. */
export interface PseudoParameters {
  readonly region: string;
  readonly accountId: string;
  readonly stackName: string;
  readonly partition: string;
  readonly urlSuffix: string;
}

/** The partitions besides `aws`, by the start of the names of their regions, as in the endpoint rules of AWS's clients. */
const partitions = [
  ['cn-', { partition: 'aws-cn', urlSuffix: 'amazonaws.com.cn' }],
  ['us-gov-', { partition: 'aws-us-gov', urlSuffix: 'amazonaws.com' }],
  ['us-iso-', { partition: 'aws-iso', urlSuffix: 'c2s.ic.gov' }],
  ['us-isob-', { partition: 'aws-iso-b', urlSuffix: 'sc2s.sgov.gov' }],
  ['eu-isoe-', { partition: 'aws-iso-e', urlSuffix: 'cloud.adc-e.uk' }],
  ['us-isof-', { partition: 'aws-iso-f', urlSuffix: 'csp.hci.ic.gov' }],
  ['eusc-', { partition: 'aws-eusc', urlSuffix: 'amazonaws.eu' }],
] as const;
const mainPartition = { partition: 'aws', urlSuffix: 'amazonaws.com' };

/** The given values, and others where neither the service nor an option sets one. The partition is that of the region. */
export function completePseudoParameters(given: Partial<PseudoParameters>): PseudoParameters {
  const region = given.region ?? 'us-east-1';
  const [, ofRegion = mainPartition] = partitions.find(([regions]) => region.startsWith(regions)) ?? [];
  return { accountId: '000000000000', stackName: 'local', ...ofRegion, ...given, region };
}
