interface Output {
  write(chunk: string | Uint8Array, ...rest: never[]): boolean;
}

/** Every library writes a line of CloudWatch's embedded metric format like this, with one call. */
const PREFIX = '{"_aws":';

export function isMetricLine(line: string): boolean {
  return line.startsWith(PREFIX);
}

/** Gives the lines in CloudWatch's embedded metric format to `take` instead of writing them. */
export function takeMetricLines(output: Output, take: (line: string) => void): void {
  const write = output.write.bind(output);
  output.write = (chunk, ...rest) => {
    if (typeof chunk !== 'string' || !isMetricLine(chunk)) return write(chunk, ...rest);
    take(chunk.trimEnd());
    return true;
  };
}
