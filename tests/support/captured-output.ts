/** Captures the JSON lines that functions write to their output, until `restore`, which returns them. */
export function captureOutput(): { restore(): Record<string, unknown>[] } {
  let written = '';
  const keep = (chunk: unknown) => {
    written += String(chunk);
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation(keep));
  return {
    restore: () => {
      for (const spy of spies) spy.mockRestore();
      return written
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}

/** The lines as text, without their timestamps, because a timestamp may contain the digits of a salary. */
export function withoutTimes(lines: readonly Record<string, unknown>[]): string {
  return JSON.stringify(lines, (name, value) => (/^timestamp$/i.test(name) ? undefined : value));
}
