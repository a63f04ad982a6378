interface Variables {
  readonly resolveVariable: (name: string) => Promise<unknown>;
}
export function secondsOfRate(rate: string): number;
export function periodOfRate(rate: string): number;
export function reconcilePeriod(variables: Variables): Promise<number>;
export function verifyPeriod(variables: Variables): Promise<number>;
