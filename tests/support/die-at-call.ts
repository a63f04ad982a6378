/**
 * Kills this process with SIGKILL at a call of a method that returns a promise.
 *
 * @param when before the call, or after its result
 * @param number of the call among those that count, from 1
 */
export function dieAtCall(
  prototype: object,
  method: string,
  { when, number, counts = () => true }: DeathAtCall & { readonly counts?: (args: readonly unknown[]) => boolean },
): void {
  const original = Reflect.get(prototype, method) as (...args: unknown[]) => unknown;
  let calls = 0;
  Reflect.set(prototype, method, function (this: object, ...args: unknown[]) {
    if (!counts(args)) return original.apply(this, args);
    calls += 1;
    const dies = calls === number;
    if (dies && when === 'before') die();
    return (original.apply(this, args) as Promise<unknown>).then((result) => {
      if (dies && when === 'after') die();
      return result;
    });
  });
}

interface DeathAtCall {
  readonly when: 'before' | 'after';
  readonly number: number;
}

/** Reads a step such as `after publish 2`: when the second call of `publish` has ended. */
export function parseStep(step: string): DeathAtCall & { readonly method: string } {
  const [when, method = '', number] = step.split(' ');
  if (when !== 'before' && when !== 'after') throw new Error(`expected "before" or "after" in the step "${step}"`);
  return { when, method, number: Number(number) };
}

/** The prototype of the class that has the method. */
export function prototypeWith(method: string, classes: readonly { readonly prototype: object }[]): object {
  const found = classes.find(({ prototype }) => method in prototype);
  if (found === undefined) throw new Error(`expected the name of a step, found "${method}"`);
  return found.prototype;
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
