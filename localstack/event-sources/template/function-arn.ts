import { parseFunctionReference } from '../model/function-reference.ts';
import type { PseudoParameters } from './pseudo-parameters.ts';

/** The ARN of a function that is given by a name or an ARN, with or without a qualifier. */
export function functionArn({ partition, region, accountId }: PseudoParameters, text: string): string {
  if (text.startsWith('arn:')) return text;
  const { name, qualifier } = parseFunctionReference(text) ?? { name: text };
  const suffix = qualifier === undefined ? '' : `:${qualifier}`;
  return `arn:${partition}:lambda:${region}:${accountId}:function:${name}${suffix}`;
}
