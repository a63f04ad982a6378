/** A result, on the standard output. */
export function printResult(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A result for programs: one object on one line. 64-bit numbers are text. */
export function printJson(result: object): void {
  printResult(JSON.stringify(result, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
}

/** Progress and notices, on the standard error, so that the result can be piped. */
export function printProgress(text: string): void {
  process.stderr.write(`${text}\n`);
}
