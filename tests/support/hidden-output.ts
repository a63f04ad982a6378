import { captureOutput } from './captured-output.ts';

// A test file that imports this module shows nothing of what its handlers log.
let output: ReturnType<typeof captureOutput>;

beforeEach(() => {
  output = captureOutput();
});

afterEach(() => {
  output.restore();
});
