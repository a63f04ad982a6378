import type { Serverless } from '../template/from-serverless/serverless.ts';

/** `provisionedConcurrency` of each function that has it, by the function's name. */
export function provisionedConcurrencyOf({ service }: Pick<Serverless, 'service'>): ReadonlyMap<string, number> {
  return new Map(
    service.getAllFunctions().flatMap((key) => {
      const { name, provisionedConcurrency } = service.getFunction(key);
      return name === undefined || provisionedConcurrency === undefined ? [] : [[name, Number(provisionedConcurrency)]];
    }),
  );
}
