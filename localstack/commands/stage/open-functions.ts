import { readEndpoints } from '../../stack/endpoints.ts';
import { FunctionInvoker } from '../../stack/service/function-invoker.ts';
import { UsageError } from '../terminal/program.ts';
import { restoreAwsVariables } from './aws-variables.ts';
import type { Functions } from './functions.ts';
import { StageFunctions } from './stage-functions.ts';

/** The names that serverless-offline serves the functions under. */
const LOCAL_PREFIX = 'employee-streams-local-';

/** Which stack a command is about. */
export interface StackChoice {
  readonly stage?: string | undefined;
  readonly region?: string | undefined;
  /** Of the running stack; without meaning with a stage. */
  readonly directory: string;
}

/** The functions of the stage, or without one those of the running stack. */
export async function openFunctions({ stage, region, directory }: StackChoice): Promise<Functions> {
  if (stage !== undefined) return openStage(stage, region);
  if (region !== undefined) throw new UsageError('Expected --region together with --stage.');
  const invoker = new FunctionInvoker((await readEndpoints(directory)).lambda.endpoint);
  return {
    invoke: (name, event) => invoker.invoke(LOCAL_PREFIX + name, event),
    invokeAsync: (name, event) => invoker.invokeAsync(LOCAL_PREFIX + name, event),
  };
}

/** Restores the variables of AWS, so that every client from now on has the operator's region and credentials. */
export function openStage(stage: string, region: string | undefined): StageFunctions {
  restoreAwsVariables();
  return new StageFunctions(stage, region);
}
