import type { Comparison, RepairedEmployees, SalaryComparison } from '../../../functions/core/verification.ts';
import type { Functions } from '../stage/functions.ts';

const FUNCTION_NAME = 'verify-replica';

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
  readonly repaired: RepairedEmployees;
}

export interface VerifiedSalaries extends SalaryComparison {
  readonly repaired: { readonly totals: number; readonly superseded: number; readonly files: number };
}

/** Where the repair or the comparison with the objects continues when the time of the function was over; opaque here. */
interface SalaryAnswer extends VerifiedSalaries {
  readonly nextDeep: object | null;
}

/** All slices together. */
export interface VerifiedEmployees {
  readonly slices: readonly Comparison[];
  readonly seconds: number;
  readonly obstacles: readonly Obstacle[];
  readonly repaired: RepairedEmployees;
}

export interface VerifyOptions {
  readonly isRepair: boolean;
  readonly repairsPerSecond: number | null;
  readonly isDeep: boolean;
}

/** Asks the function verify-replica to verify, slice by slice, so that the progress can be shown. */
export class VerifyFunction {
  readonly #functions: Pick<Functions, 'invoke'>;

  constructor(functions: Pick<Functions, 'invoke'>) {
    this.#functions = functions;
  }

  async verifyEmployees(
    { isRepair, repairsPerSecond }: Omit<VerifyOptions, 'isDeep'>,
    onSlice: (slice: number, rows: number) => void,
  ): Promise<VerifiedEmployees> {
    // A slice that an invocation cannot end is repeated by the next one, whose result and rest replace those of the first.
    const slices = new Map<number, VerifiedChanges['checked'][number]>();
    const left = new Map<number, Pick<RepairedEmployees, 'leftByTime' | 'leftByLock'>>();
    let images = 0;
    let deletions = 0;
    let seconds = 0;
    let obstacles: readonly Obstacle[] = [];
    let from: SliceStart | null = { slice: 0, after: null };
    while (from !== null) {
      const changes = await this.#verifySlice({ action: isRepair ? 'repair' : 'verify', from, repairsPerSecond });
      obstacles = changes.obstacles;
      images += changes.repaired.images;
      deletions += changes.repaired.deletions;
      left.set(from.slice, changes.repaired);
      for (const checked of changes.checked) {
        slices.set(checked.slice, checked);
        seconds += checked.seconds;
      }
      // Without any slice the rows cannot be compared at present.
      if (changes.checked.length === 0) break;
      onSlice(from.slice, changes.checked[0]?.rows ?? 0);
      from = changes.next;
    }
    const sum = (field: 'leftByTime' | 'leftByLock') =>
      [...left.values()].reduce((total, slice) => total + slice[field], 0);
    const repaired = { images, deletions, leftByTime: sum('leftByTime'), leftByLock: sum('leftByLock') };
    return { slices: [...slices.values()], seconds, obstacles, repaired };
  }

  async verifySalaries({ isRepair, isDeep }: Pick<VerifyOptions, 'isRepair' | 'isDeep'>): Promise<VerifiedSalaries> {
    const action = isRepair ? 'repair' : 'verify';
    let deepFrom: object | null = null;
    for (;;) {
      const event: object = { action, part: 'salaries', isDeep, deepFrom };
      const { salaries } = await this.#invoke<{ readonly salaries: SalaryAnswer }>(event);
      const { nextDeep, ...verified } = salaries;
      if (nextDeep === null) return verified;
      deepFrom = nextDeep;
    }
  }

  async #verifySlice(event: object): Promise<VerifiedChanges> {
    return (await this.#invoke<{ readonly changes: VerifiedChanges }>({ ...event, part: 'changes', maxSlices: 1 }))
      .changes;
  }

  async #invoke<Result>(event: object): Promise<Result> {
    return (await this.#functions.invoke(FUNCTION_NAME, event)) as Result;
  }
}
