import { differenceCount, SLICE_COUNT } from '../../functions/core/verification.ts';
import type {
  Agreement,
  CheckedSalaries,
  CheckedSlice,
  VerificationStore,
} from '../../functions/ports/verification-store.ts';

export class InMemoryVerificationStore implements VerificationStore {
  readonly #slices = new Map<number, Agreement['slices'][number]>();
  #salaries: Agreement['salaries'] = null;

  async read(): Promise<Agreement> {
    const slices = [...this.#slices.values()].sort((a, b) => a.slice - b.slice);
    const times = slices.map(({ checkedAt }) => checkedAt.getTime());
    return {
      oldestCheckedAt: slices.length === SLICE_COUNT ? new Date(Math.min(...times)) : null,
      slices,
      salaries: this.#salaries,
    };
  }

  async recordSlice(slice: CheckedSlice): Promise<void> {
    const since = this.#slices.get(slice.slice)?.differsSince ?? slice.checkedAt;
    this.#slices.set(slice.slice, { ...slice, differsSince: differenceCount(slice) > 0 ? since : null });
  }

  async recordSalaries(salaries: CheckedSalaries): Promise<void> {
    const since = this.#salaries?.differsSince ?? salaries.checkedAt;
    this.#salaries = {
      ...salaries,
      differsSince: salaries.differences > 0 ? since : null,
      deepCheckedAt: salaries.isDeep ? salaries.checkedAt : (this.#salaries?.deepCheckedAt ?? null),
    };
  }
}
