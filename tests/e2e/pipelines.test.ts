import { describePipelines } from '../support/describe-pipelines.ts';

describePipelines('builtin');
