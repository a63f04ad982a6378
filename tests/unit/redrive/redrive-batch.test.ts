import { createHash } from 'node:crypto';
import type { FileArrival, FileState } from '../../../functions/core/ingestion.ts';
import type { ClaimedDeadLetter } from '../../../functions/core/redrive.ts';
import type { IngestionLedger } from '../../../functions/ports/ingestion-ledger.ts';
import { LocatedPublisher } from '../../../functions/redrive/located-publisher.ts';
import { RedriveBatch } from '../../../functions/redrive/redrive-batch.ts';
import { arrivalOf, BUCKET } from '../../contract/salary-database.ts';
import { InMemoryBucket } from '../../support/in-memory-bucket.ts';
import { InMemoryFunctionInvoker } from '../../support/in-memory-function-invoker.ts';
import { InMemoryObjectStore } from '../../support/in-memory-object-store.ts';
import { InMemoryRecordPublisher } from '../../support/in-memory-record-publisher.ts';
import { InMemoryRecordReader } from '../../support/in-memory-record-reader.ts';
import { InMemoryTopics } from '../../support/in-memory-topics.ts';

const arrival = arrivalOf('a.csv', '1', { eTag: 'e' });

/** Whole files that the ledger reopens as the test says. */
function createRig(states: readonly FileState[]) {
  const publisher = new InMemoryRecordPublisher({ t: 1 });
  const reader = new InMemoryRecordReader(publisher);
  const store = new InMemoryObjectStore(new InMemoryBucket(BUCKET));
  const transformCsv = new InMemoryFunctionInvoker();
  const asked: boolean[] = [];
  const left = [...states];
  const reopen = async (_: FileArrival, isLatest: () => Promise<boolean>) => {
    asked.push(await isLatest());
    return left.shift() ?? 'complete';
  };
  const batch = new RedriveBatch({
    ...{ reader, transformCsv, store, publisher: new LocatedPublisher(publisher, new InMemoryTopics()) },
    files: { reopen } as unknown as IngestionLedger,
    rejectedRows: { publish: async () => {} },
    filter: { departments: new Set(), hiredSince: '2010-01-01' },
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    ...{ now: () => new Date(), changesTopic: 'c', salariesTopic: 's' },
  });
  return { batch, reader, store, transformCsv, asked };
}

const file = (number: number, isKnown = true): ClaimedDeadLetter => ({
  ...{ dlqId: `b/a.csv@${number}`, kind: 'file', topic: 't.dead-letter', partition: 0, offset: BigInt(number) },
  ...{ attempts: number, firstAt: '2026-11-25T10:00:00.000Z', payloadBytes: 0, row: null },
  file: isKnown ? { fileId: String(number), state: 'rejected', isEndRecorded: true, arrival } : null,
});

describe('a whole file', () => {
  it('needs nothing from its topic', async () => {
    const { batch, reader } = createRig([]);
    expect(await batch.prepare([file(1)])).toEqual([{ claimed: file(1), kind: 'request', arrival }]);
    expect(reader.callSizes).toEqual([]);
  });

  it('is refused when the ledger does not know it', async () => {
    expect(await createRig([]).batch.prepare([file(1, false)])).toEqual([
      {
        ...{ claimed: file(1, false), kind: 'refuse' },
        refusal: {
          code: 'PIPE_REDRIVE_ORIGIN_GONE',
          reason: 'expected a file of the table ingested_file, found none',
        },
      },
    ]);
  });

  it('is read again only while it is loading, and obsolete when a newer version has replaced it', async () => {
    const { batch, transformCsv } = createRig(['loading', 'superseded', 'complete']);
    const outcome = await batch.execute(await batch.prepare([file(1), file(2), file(3)]));
    expect(transformCsv.events).toEqual([{ arrival }]);
    expect(outcome).toEqual({
      ...{ published: [], refused: [], returned: [], filtered: [] },
      requested: [1, 3].map((number) => ({ dlqId: `b/a.csv@${number}`, attempts: number })),
      obsolete: [{ dlqId: 'b/a.csv@2', attempts: 2 }],
    });
  });

  it('is reopened with what the bucket has now', async () => {
    const { batch, store, asked } = createRig(['loading', 'loading']);
    const isLatest = jest.spyOn(store, 'isLatest').mockResolvedValueOnce(true).mockResolvedValueOnce(false);
    await batch.execute(await batch.prepare([file(1), file(2)]));
    expect(asked).toEqual([true, false]);
    expect(isLatest).toHaveBeenCalledWith(arrival);
  });
});
