import { createHash } from 'node:crypto';
import { topicSpecifications } from '../functions/core/topic-specifications.ts';

/** A property of the resource `Provision`, so that CloudFormation runs it again after the topics have changed. */
export function topicsVersion() {
  return createHash('sha256')
    .update(JSON.stringify(topicSpecifications(1)))
    .digest('hex');
}
