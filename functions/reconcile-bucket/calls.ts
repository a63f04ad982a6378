import { type AwsCalls, COMMON_CALLS, invoke, signInTo } from '../core/aws-calls.ts';

/** Every call of AWS that this function makes. */
export const reconcileBucketCalls: readonly AwsCalls[] = [
  ...COMMON_CALLS,
  signInTo('target'),
  { by: 's3/s3-bucket-listing', actions: ['s3:ListBucket'], on: ['bucket'] },
  // `HeadObject` of the present version.
  { by: 's3/s3-bucket-listing', actions: ['s3:GetObject'], on: ['object'] },
  invoke('function-invoker', 'transform-csv'),
];
