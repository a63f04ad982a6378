import { describePipelines } from '../support/describe-pipelines.ts';

describePipelines('fauxqs');
