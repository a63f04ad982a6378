import type { PoolClient } from 'pg';
import { PipelineError } from '../../core/errors.ts';
import type { Migration } from '../../ports/schema-migrator.ts';
import { readIndexState } from './concurrent-index.ts';
import { isApplied, recordApplied, recordStarted } from './migration-records.ts';

/** `suspect`: the index seems to be left of a build that failed. It is to be looked at again after a pause. */
type Step = 'applied' | 'build' | 'wait' | 'suspect' | 'drop' | 'finish';

/** What this caller has found and done before. */
interface Before {
  /** Whether the last look found the index invalid. */
  readonly wasInvalid: boolean;
  readonly hasDropped: boolean;
}

/**
 * Decides what a caller does next for a migration that is one `create index concurrently`. An index is dropped only when two
 * looks in a row find it invalid: a build that ends during a look may show neither its progress nor its valid index.
 *
 * @throws PipelineError `PIPE_MIGRATION_INDEX` when the index exists, but was not made by this migration.
 */
export async function nextStep(
  client: PoolClient,
  migration: Migration,
  index: string,
  { wasInvalid, hasDropped }: Before,
): Promise<Step> {
  const wasApplied = await isApplied(client, migration);
  const state = await readIndexState(client, index);
  // Another caller may have finished the index just before this one dropped it. Then this one builds it again.
  if (wasApplied && (!hasDropped || state === 'valid')) return 'applied';
  if (!wasApplied && !(await recordStarted(client, migration))) {
    if (state !== 'missing') throw foreignIndexError(migration, index);
    return 'build';
  }
  switch (state) {
    case 'missing':
      return 'build';
    case 'building':
      return 'wait';
    case 'invalid':
      return wasInvalid ? 'drop' : 'suspect';
    case 'valid':
      await recordApplied(client, migration);
      return 'finish';
  }
}

/** It may be on another table or of other columns. */
function foreignIndexError({ name }: Migration, index: string): PipelineError {
  return new PipelineError(
    'PIPE_MIGRATION_INDEX',
    `expected no index ${index} before migration ${name} creates it, found one; drop it, then run provision again`,
    { retry: 'manual', context: { migration: name } },
  );
}
