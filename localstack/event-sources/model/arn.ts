/** The parts of an ARN. */
export interface Arn {
  /** `aws`, or that of other regions, for instance `aws-cn` and `aws-us-gov`. */
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** May have colons itself. */
  readonly resource: string;
}

/** Undefined for a text that is not an ARN of one of AWS's partitions. */
export function parseArn(text: string): Arn | undefined {
  const [, partition = '', service = '', region = '', account = '', resource = ''] =
    /^arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):(\d*):(.+)$/.exec(text) ?? [];
  return partition === '' ? undefined : { partition, service, region, account, resource };
}
