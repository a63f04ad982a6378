import { describePipelines } from '../support/describe-pipelines.ts';
import { describeOperators } from '../support/operators/describe-operators.ts';

describePipelines('builtin', describeOperators);
