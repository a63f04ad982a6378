/** Values of CloudFormation's pseudo parameters, such as `AWS::Region`. */
export interface PseudoParameters {
  readonly region: string;
  readonly accountId: string;
  readonly stackName: string;
  readonly partition: string;
}

/** Used where neither the service nor an option sets a value. */
export const defaultPseudoParameters: PseudoParameters = {
  region: 'us-east-1',
  accountId: '000000000000',
  stackName: 'local',
  partition: 'aws',
};
