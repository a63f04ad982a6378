import { classifyError, isStalePlan, sqlStateOf } from '../../core/classify-error.ts';
import { SchemaError } from '../../core/errors.ts';
import type { RunQuery, TableShape } from './table-shape.ts';
import { targetSchemaError } from './target-schema-error.ts';

/**
 * How rows are written. `upsert`: with ON CONFLICT, which needs a key that is not deferrable and a table without rules.
 * `update-then-insert`: works with any table that can be written.
 */
export type WriteMethod = 'upsert' | 'update-then-insert';

/** SQLSTATEs of ON CONFLICT with a deferrable key, without a key, and on a table with rules. */
const NEEDS_OTHER_METHOD = new Set(['55000', '42P10', '0A000']);

export type WithWriteMethod = <Result>(work: (method: WriteMethod) => Promise<Result>) => Promise<Result>;

/**
 * Returns a function that runs work with the fast method, until the target's tables turn out not to allow it. The other
 * method is then used from the start.
 *
 * The work must have no effect when it fails. It throws a SchemaError when the tables do not fit at all.
 */
export function adaptWriteMethod(run: RunQuery, shapes: readonly TableShape[]): WithWriteMethod {
  let method: WriteMethod = 'upsert';
  return async (work) => {
    const tried = method;
    try {
      return await work(tried);
    } catch (error) {
      if (isStalePlan(error)) return work(tried);
      if (error instanceof SchemaError || classifyError(error) !== 'schema') throw error;
      if (tried === 'upsert' && NEEDS_OTHER_METHOD.has(sqlStateOf(error))) {
        const result = await work('update-then-insert').catch(async (failure: unknown) => {
          throw classifyError(failure) === 'schema' ? await targetSchemaError(run, shapes, failure) : failure;
        });
        method = 'update-then-insert';
        return result;
      }
      throw await targetSchemaError(run, shapes, error);
    }
  };
}
