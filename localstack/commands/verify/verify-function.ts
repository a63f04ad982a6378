import type { Comparison, SalaryComparison } from '../../../functions/core/verification.ts';
import { FunctionInvoker } from '../../stack/service/function-invoker.ts';

/** The name that serverless-offline serves the function under. */
const FUNCTION_NAME = 'employee-streams-local-verify-replica';

interface SliceStart {
  readonly slice: number;
  readonly after: number | null;
}

export interface Obstacle {
  readonly code: string;
  readonly message: string;
}

/** What the function returns of the employees. */
interface VerifiedChanges {
  readonly checked: readonly (Comparison & { readonly slice: number; readonly seconds: number })[];
  readonly next: SliceStart | null;
  readonly obstacles: readonly Obstacle[];
  readonly repaired: { readonly images: number; readonly deletions: number };
}

export interface VerifiedSalaries extends SalaryComparison {
  readonly repaired: { readonly totals: number; readonly superseded: number; readonly files: number };
}

/** All slices together. */
export interface VerifiedEmployees {
  readonly slices: readonly Comparison[];
  readonly seconds: number;
  readonly obstacles: readonly Obstacle[];
  readonly repaired: { readonly images: number; readonly deletions: number };
}

export interface VerifyOptions {
  readonly isRepair: boolean;
  readonly repairsPerSecond: number | null;
  readonly isDeep: boolean;
}

/** Asks the function verify-replica to verify, slice by slice, so that the progress can be shown. */
export class VerifyFunction {
  readonly #invoker: FunctionInvoker;

  constructor(lambdaUrl: string) {
    this.#invoker = new FunctionInvoker(lambdaUrl);
  }

  async verifyEmployees(
    { isRepair, repairsPerSecond }: Omit<VerifyOptions, 'isDeep'>,
    onSlice: (slice: number, rows: number) => void,
  ): Promise<VerifiedEmployees> {
    const slices: VerifiedChanges['checked'][number][] = [];
    const repaired = { images: 0, deletions: 0 };
    let obstacles: readonly Obstacle[] = [];
    let from: SliceStart | null = { slice: 0, after: null };
    while (from !== null) {
      const changes = await this.#verifySlice({ action: isRepair ? 'repair' : 'verify', from, repairsPerSecond });
      obstacles = changes.obstacles;
      repaired.images += changes.repaired.images;
      repaired.deletions += changes.repaired.deletions;
      slices.push(...changes.checked);
      // Without any slice the rows cannot be compared at present.
      if (changes.checked.length === 0) break;
      onSlice(from.slice, changes.checked[0]?.rows ?? 0);
      from = changes.next;
    }
    const seconds = slices.reduce((sum, slice) => sum + slice.seconds, 0);
    return { slices, seconds, obstacles, repaired };
  }

  async verifySalaries({ isRepair, isDeep }: Pick<VerifyOptions, 'isRepair' | 'isDeep'>): Promise<VerifiedSalaries> {
    const action = isRepair ? 'repair' : 'verify';
    return (await this.#invoke<{ readonly salaries: VerifiedSalaries }>({ action, part: 'salaries', isDeep })).salaries;
  }

  async #verifySlice(event: object): Promise<VerifiedChanges> {
    return (await this.#invoke<{ readonly changes: VerifiedChanges }>({ ...event, part: 'changes', maxSlices: 1 }))
      .changes;
  }

  async #invoke<Result>(event: object): Promise<Result> {
    return (await this.#invoker.invoke(FUNCTION_NAME, event)) as Result;
  }
}
