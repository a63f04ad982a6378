import type { IngestionLedger } from '../../../functions/ports/ingestion-ledger.ts';
import { eventually } from '../../support/eventually.ts';
import { fileOf, HEADER, longFileOf, row } from '../../support/salary-file.ts';
import { KEY, TransformRig } from '../../support/transform-rig.ts';

const CONTENT = longFileOf(5_000);
const COUNTS = { read: 5_000, filteredOut: 0, rejected: 500, sent: 4_500 };

describe('CsvTransformer, on transient failures', () => {
  let rig: TransformRig;
  beforeEach(() => {
    rig = new TransformRig();
  });

  it.each(['first', 'second'])(
    'throws when the stream breaks in the %s pass, and succeeds when it is retried',
    async (pass) => {
      const arrival = rig.put(CONTENT);
      if (pass === 'first') rig.store.breakAfterBytes = 300_000;
      else {
        rig.ledger.onCall = (method) => {
          if (method === 'takeOver') rig.store.breakAfterBytes = 300_000;
        };
      }
      await expect(rig.transform(arrival)).rejects.toThrow('socket hang up');
      expect(rig.stateOf(arrival)).toBe('loading');
      expect(rig.deadLetters.deadLetters.every(({ code }) => code === 'PIPE_ROW_SALARY')).toBe(true);
      rig.ledger.onCall = () => {};
      expect((await rig.transform(arrival)).counts).toEqual(COUNTS);
      expect(new Set(rig.sent.map(({ rowNumber }) => rowNumber)).size).toBe(COUNTS.sent);
    },
  );

  it('throws when Kafka is unreachable, once no publish is in flight, and records no end', async () => {
    rig.publisher.onPublish = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('Kafka is unreachable');
    };
    await expect(rig.transformContent(CONTENT)).rejects.toThrow('Kafka is unreachable');
    expect(rig.publisher.underWay).toBe(0);
    expect(rig.ledger.calls).not.toContain('finish');
  });

  it('throws only when the dead letters in flight have settled, too', async () => {
    const deadLetters = Promise.withResolvers<void>();
    let isHeld = false;
    rig.deadLetters.onPublish = () => {
      isHeld = true;
      return deadLetters.promise;
    };
    rig.publisher.onPublish = async () => {
      await eventually(() => isHeld);
      throw new Error('Kafka is unreachable');
    };
    let hasThrown = false;
    const transforming = rig.transformContent(CONTENT).finally(() => {
      hasThrown = true;
    });
    const failure = expect(transforming).rejects.toThrow('Kafka is unreachable');
    await eventually(() => isHeld && rig.publisher.underWay === 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasThrown).toBe(false);
    deadLetters.resolve();
    await failure;
  });

  it.each([
    ['a row', CONTENT],
    ['a file', 'no header'],
  ])('throws when dead letters cannot be published, so that %s is not rejected without one', async (_, content) => {
    rig.deadLetters.onPublish = () => Promise.reject(new Error('Kafka is unreachable'));
    await expect(rig.transformContent(content)).rejects.toThrow('Kafka is unreachable');
    expect(rig.ledger.calls).not.toContain('finish');
    expect(rig.ledger.calls).not.toContain('reject');
  });

  it.each<keyof IngestionLedger>(['register', 'takeOver', 'finish', 'reportProgress'])(
    'throws when the ledger fails in %s',
    async (failing) => {
      rig.store.onChunk = () => {
        rig.nowMs += 10_000;
      };
      rig.ledger.onCall = (method) => {
        if (method === failing) throw new Error('database is unreachable');
      };
      await expect(rig.transformContent(CONTENT)).rejects.toThrow('database is unreachable');
    },
  );

  it('throws when the second pass reads other bytes than the first one validated', async () => {
    const arrival = rig.put(fileOf(row()));
    rig.ledger.onCall = (method) => {
      // A quote that is never closed, under the same version.
      if (method === 'takeOver') rig.bucket.latest(KEY)?.bytes.fill('"', HEADER.length + 1, HEADER.length + 2);
    };
    await expect(rig.transform(arrival)).rejects.toMatchObject({
      message: `expected version ${arrival.version} of ${KEY} to be the file that was validated, got other bytes`,
      cause: { code: 'PIPE_FILE_QUOTE' },
    });
    expect(rig.stateOf(arrival)).toBe('loading');
    expect(rig.sent).toEqual([]);
    expect(rig.deadLetters.deadLetters).toEqual([]);
  });

  it('throws when the next invocation cannot be started', async () => {
    rig.transformCsv.outage = new Error('Lambda is unreachable');
    rig.store.onChunk = () => {
      rig.remainingMs = 0;
    };
    await expect(rig.transformContent(CONTENT)).rejects.toThrow('Lambda is unreachable');
  });
});
