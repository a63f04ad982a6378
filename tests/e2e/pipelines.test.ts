import { describePipelines } from '../support/describe-pipelines.ts';
import { describeOperators } from '../support/operators/describe-operators.ts';
import { describeStage } from '../support/operators/describe-stage.ts';

describePipelines('builtin', (run) => {
  describeStage(run);
  describeOperators(run);
});
