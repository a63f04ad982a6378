import { decodePosition } from '../core/change-position.ts';
import type { ChangeSource } from '../ports/change-source.ts';
import type { PollerLedger } from '../ports/poller-ledger.ts';

/**
 * How many changes of the source the saved position does not count as published. Ids of changes that were rolled back count
 * too. `null` while that is unknown: during a snapshot, whose changes wait until it ends, and before the first change.
 *
 * @throws when the source or the ledger is unreachable.
 */
export async function measureBacklog(
  source: Pick<ChangeSource, 'lastGivenId'>,
  ledger: Pick<PollerLedger, 'read'>,
): Promise<number | null> {
  const position = (await ledger.read())?.position;
  if (position == null) return null;
  const { progress } = decodePosition(position);
  const publishedId =
    progress.phase === 'snapshot' ? undefined : (progress.page?.afterChangeId ?? progress.greatestChangeId);
  const lastId = await source.lastGivenId();
  return publishedId === undefined || lastId === null
    ? null
    : Math.max(0, Number(BigInt(lastId) - BigInt(publishedId)));
}
