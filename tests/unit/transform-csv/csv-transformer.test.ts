import { arrivalOf, createTransformRig, HEADER, totalsOf } from '../../support/transform-fakes.ts';

/** Rows of ECC that earn 1, 2, 3 and so on, each tenth unusable. Enough of them take several blocks. */
function fileOf(rowCount: number): string {
  const rows = Array.from({ length: rowCount }, (_, index) => {
    const salary = (index + 1) % 10 === 0 ? 'x' : String(index + 1);
    return `ECC,"ECC 001, ${index}",${'B'.repeat(200)},Officer,E,01-Feb-2015,x,${salary}\n`;
  });
  return `${HEADER}\n${rows.join('')}`;
}

const ROWS = 5_000;
const CONTENT = fileOf(ROWS);
const TOTAL = Array.from({ length: ROWS }, (_, index) => index + 1)
  .filter((salary) => salary % 10 !== 0)
  .reduce((sum, salary) => sum + salary, 0);
const COUNTS = { read: ROWS, filteredOut: 0, rejected: ROWS / 10, sent: ROWS - ROWS / 10 };

describe('versions of a key', () => {
  it('does nothing for a version that is done with', async () => {
    const rig = createTransformRig();
    const bytes = Buffer.from(`${HEADER}\n`);
    const arrival = arrivalOf(bytes);
    rig.store.put(arrival, bytes);
    expect((await rig.arrive(arrival)).state).toBe('complete');
    const reads = rig.store.opened.length;
    expect((await rig.arrive(arrival)).state).toBe('complete');
    expect(rig.store.opened).toHaveLength(reads);
  });

  it('sends the same rows under the same identity when an event comes twice, also at the same time', async () => {
    const rig = createTransformRig();
    const bytes = Buffer.from(CONTENT);
    const arrival = arrivalOf(bytes);
    rig.store.put(arrival, bytes);
    const outcomes = await Promise.all([rig.arrive(arrival), rig.arrive(arrival)]);
    expect(outcomes.map(({ counts }) => counts)).toEqual([COUNTS, COUNTS]);
    expect(rig.publisher.records).toHaveLength(2 * COUNTS.sent);
    expect(totalsOf(rig.publisher.records)).toEqual({ ECC: TOTAL });
  });

  it('ends an older version that arrives late as superseded, without reading it', async () => {
    const rig = createTransformRig();
    const older = arrivalOf(Buffer.from(CONTENT));
    await rig.put(`${HEADER}\n`);
    rig.store.opened.length = 0;
    expect((await rig.arrive(older)).state).toBe('superseded');
    expect(rig.store.opened).toEqual([]);
  });

  it('asks the bucket where sequencers cannot tell which is newer', async () => {
    const rig = createTransformRig();
    await rig.put(`${HEADER}\n`);
    const gone = arrivalOf(Buffer.from('x'), { sequencer: null });
    expect((await rig.arrive(gone)).state).toBe('superseded');
    expect((await rig.put(CONTENT, { sequencer: null })).state).toBe('loading');
  });

  it('changes nothing for the same bytes as the current version', async () => {
    const rig = createTransformRig();
    await rig.put(CONTENT, { eTag: 'same' });
    const sent = rig.publisher.records.length;
    expect((await rig.put(CONTENT, { eTag: 'same' })).state).toBe('unchanged');
    expect(rig.publisher.records).toHaveLength(sent);
  });

  it('judges the same bytes again that were rejected before', async () => {
    const rig = createTransformRig();
    await rig.put('', { eTag: 'same' });
    expect((await rig.put('', { eTag: 'same' })).state).toBe('rejected');
    expect(rig.deadLetters.letters).toHaveLength(2);
  });

  it('replaces contents A, B, A under one key by the last of them', async () => {
    const rig = createTransformRig();
    for (const eTag of ['a', 'b', 'a']) await rig.put(CONTENT, { eTag });
    const states = [...rig.ledger.files.values()].map(({ state }) => state);
    expect(states).toEqual(['superseded', 'superseded', 'loading']);
  });

  it('takes over only after the whole file is judged, and sends only after that', async () => {
    const rig = createTransformRig();
    await rig.put(`${CONTENT}"open`);
    expect(rig.publisher.records).toEqual([]);
    expect(rig.ledger.calls).not.toContain('takeOver');
  });

  it('ends as superseded when another object is in its place, before the first pass or the second', async () => {
    const before = createTransformRig();
    expect((await before.arrive(arrivalOf(Buffer.from(CONTENT)))).state).toBe('superseded');

    const between = createTransformRig();
    const bytes = Buffer.from(CONTENT);
    const arrival = arrivalOf(bytes);
    between.store.put(arrival, bytes);
    between.store.onChunk = () => between.store.objects.clear();
    expect((await between.arrive(arrival)).state).toBe('superseded');
    expect(between.ledger.calls.at(-1)).toBe('supersede');
    expect(between.publisher.records).toEqual([]);
  });

  it('stops when the heartbeat says that a newer version has taken over', async () => {
    const rig = createTransformRig();
    const bytes = Buffer.from(CONTENT);
    const arrival = arrivalOf(bytes);
    rig.store.put(arrival, bytes);
    rig.publisher.onPublish = async () => {
      rig.ledger.find(arrival).state = 'superseded';
      rig.nowMs += 5_000;
    };
    const { state, counts } = await rig.arrive(arrival);
    expect(state).toBe('superseded');
    expect(counts.read).toBeLessThan(ROWS);
    expect(rig.ledger.calls).not.toContain('finish');
  });
});

describe('accounting', () => {
  it('counts every row once: read = filtered out + rejected + sent', async () => {
    const rig = createTransformRig();
    expect((await rig.put(CONTENT)).counts).toEqual(COUNTS);
    const [file] = rig.ledger.files.values();
    expect(file).toMatchObject({ counts: COUNTS, ended: true });
    expect(rig.deadLetters.letters).toHaveLength(COUNTS.rejected);
  });

  it('tells the ledger every five seconds that work goes on, in both passes', async () => {
    const rig = createTransformRig();
    rig.store.onChunk = () => {
      rig.nowMs += 1_000;
    };
    await rig.put(CONTENT);
    const { calls } = rig.ledger;
    const judging = calls.slice(0, calls.indexOf('takeOver'));
    const sending = calls.slice(calls.indexOf('takeOver'));
    expect(judging.filter((call) => call === 'reportProgress').length).toBeGreaterThan(0);
    expect(sending.filter((call) => call === 'reportProgress').length).toBeGreaterThan(0);
  });

  it('records the end only when every record and every dead letter is acknowledged', async () => {
    const rig = createTransformRig();
    const broker = Promise.withResolvers<void>();
    const deadLetterBroker = Promise.withResolvers<void>();
    rig.publisher.onPublish = () => broker.promise;
    rig.deadLetters.onPublish = () => deadLetterBroker.promise;
    const transforming = rig.put(fileOf(100));
    await new Promise((resolve) => setImmediate(resolve));
    expect(rig.ledger.calls).not.toContain('finish');
    broker.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(rig.ledger.calls).not.toContain('finish');
    deadLetterBroker.resolve();
    await transforming;
    expect(rig.ledger.calls).toContain('finish');
  });

  it('keeps a bounded number of publishes in flight, of a bounded size', async () => {
    const rig = createTransformRig();
    rig.publisher.onPublish = () => new Promise((resolve) => setImmediate(resolve));
    await rig.put(CONTENT);
    expect(rig.publisher.mostInFlight).toBeGreaterThan(1);
    expect(rig.publisher.mostInFlight).toBeLessThanOrEqual(4);
    expect(Math.max(...rig.publisher.batchSizes)).toBeLessThanOrEqual(1_500);
  });
});

describe('continuation in the next invocation', () => {
  /** Lets every invocation run out of time after some chunks, until the file is done. */
  async function transformInParts(content: string, chunksEach: number) {
    const rig = createTransformRig();
    let chunks = 0;
    rig.store.onChunk = () => {
      chunks += 1;
      if (chunks % chunksEach === 0) rig.remainingMs = 0;
    };
    let outcome = await rig.put(content);
    let invocations = 1;
    for (let next = rig.transformCsv.checkpoints.shift(); next; next = rig.transformCsv.checkpoints.shift()) {
      rig.remainingMs = 900_000;
      outcome = await rig.resume(next);
      invocations += 1;
    }
    return { rig, outcome, invocations };
  }

  it('gives the same rows and counts as one invocation, in both passes', async () => {
    const { rig, outcome, invocations } = await transformInParts(CONTENT, 5);
    expect(invocations).toBeGreaterThan(4);
    expect(outcome.counts).toEqual(COUNTS);
    expect(rig.publisher.records).toHaveLength(COUNTS.sent);
    expect(rig.publisher.records.map(({ rowNumber }) => rowNumber)).toEqual(
      Array.from({ length: ROWS }, (_, index) => index + 1).filter((rowNumber) => rowNumber % 10 !== 0),
    );
    expect(totalsOf(rig.publisher.records)).toEqual({ ECC: TOTAL });
    const lines = rig.deadLetters.letters.map(({ origin }) => 'line' in origin && origin.line);
    expect(lines).toEqual(Array.from({ length: COUNTS.rejected }, (_, index) => 11 + index * 10));
    expect(rig.ledger.calls.filter((call) => call === 'takeOver')).toHaveLength(1);
  });

  it('reads on from where it was', async () => {
    const { rig } = await transformInParts(CONTENT, 5);
    expect(rig.store.opened.some((byteOffset) => byteOffset > HEADER.length + 1)).toBe(true);
  });

  it('rejects an unusable file in whichever invocation the fault is found', async () => {
    const { rig, outcome, invocations } = await transformInParts(`${CONTENT}"open`, 5);
    expect(invocations).toBeGreaterThan(1);
    expect(outcome.state).toBe('rejected');
    const { origin } = rig.deadLetters.letters[0] ?? {};
    expect(origin).toMatchObject({ line: ROWS + 2 });
    expect(rig.deadLetters.letters).toHaveLength(1);
  });

  it('hands over only what is acknowledged', async () => {
    const rig = createTransformRig();
    rig.store.onChunk = () => {
      if (rig.ledger.calls.includes('takeOver')) rig.remainingMs = 0;
    };
    let acknowledged = 0;
    rig.publisher.onPublish = async (records) => {
      await new Promise((resolve) => setImmediate(resolve));
      acknowledged += records.length;
    };
    const { state, counts } = await rig.put(CONTENT);
    expect(state).toBe('continued');
    expect(acknowledged).toBe(counts.sent);
    expect(rig.deadLetters.letters).toHaveLength(counts.rejected);
    expect(rig.transformCsv.checkpoints).toMatchObject([{ phase: 'send', counts }]);
  });

  it('changes nothing when a part runs twice', async () => {
    const rig = createTransformRig();
    rig.store.onChunk = () => {
      if (rig.ledger.calls.includes('takeOver')) rig.remainingMs = 0;
    };
    await rig.put(CONTENT);
    rig.store.onChunk = () => {};
    rig.remainingMs = 900_000;
    const [checkpoint] = rig.transformCsv.checkpoints;
    if (!checkpoint) throw new Error('expected a checkpoint');
    const twice = [await rig.resume(checkpoint), await rig.resume(checkpoint)];
    expect(twice.map(({ counts }) => counts)).toEqual([COUNTS, COUNTS]);
    expect(totalsOf(rig.publisher.records)).toEqual({ ECC: TOTAL });
  });

  it('does not go on with a version that was superseded in between', async () => {
    const rig = createTransformRig();
    rig.store.onChunk = () => {
      rig.remainingMs = 0;
    };
    await rig.put(CONTENT);
    rig.remainingMs = 900_000;
    const [checkpoint] = rig.transformCsv.checkpoints;
    if (!checkpoint) throw new Error('expected a checkpoint');
    await rig.put(`${HEADER}\n`);
    await rig.ledger.supersede(checkpoint.arrival);
    const reads = rig.store.opened.length;
    expect((await rig.resume(checkpoint)).state).toBe('superseded');
    expect(rig.store.opened).toHaveLength(reads);
  });

  it('goes on however short an invocation is: each brings the file at least a block further', async () => {
    const rig = createTransformRig();
    rig.remainingMs = 100;
    expect((await rig.put(fileOf(10))).state).toBe('loading');
  });
});

describe('a broken world', () => {
  it('is thrown when the connection to the bucket breaks in the middle, in either pass, and the next try succeeds', async () => {
    for (const breaksInSecondPass of [false, true]) {
      const rig = createTransformRig();
      const bytes = Buffer.from(CONTENT);
      const arrival = arrivalOf(bytes);
      rig.store.put(arrival, bytes);
      if (breaksInSecondPass) {
        const { takeOver } = rig.ledger;
        rig.ledger.takeOver = async (...parameters) => {
          rig.store.breaksAfterBytes = 300_000;
          return takeOver.apply(rig.ledger, parameters);
        };
      } else rig.store.breaksAfterBytes = 300_000;
      await expect(rig.arrive(arrival)).rejects.toThrow('socket hang up');
      expect(rig.ledger.find(arrival).state).toBe('loading');
      expect(rig.deadLetters.letters.every(({ code }) => code === 'PIPE_ROW_SALARY')).toBe(true);
      rig.ledger.takeOver = Object.getPrototypeOf(rig.ledger).takeOver;
      expect((await rig.arrive(arrival)).counts).toEqual(COUNTS);
      expect(totalsOf(rig.publisher.records)).toEqual({ ECC: TOTAL });
    }
  });

  it('is thrown when the broker is away, once nothing is in flight any more, and no end is recorded', async () => {
    const rig = createTransformRig();
    rig.publisher.onPublish = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('broker away');
    };
    await expect(rig.put(CONTENT)).rejects.toThrow('broker away');
    expect(rig.publisher.inFlight).toBe(0);
    expect(rig.ledger.calls).not.toContain('finish');
  });

  it('is thrown when the dead-letter topic is away: no row and no file is given up without its letter', async () => {
    for (const content of [CONTENT, 'no header']) {
      const rig = createTransformRig();
      rig.deadLetters.onPublish = async () => {
        throw new Error('broker away');
      };
      await expect(rig.put(content)).rejects.toThrow('broker away');
      expect(rig.ledger.calls).not.toContain('finish');
      expect(rig.ledger.calls).not.toContain('reject');
    }
  });

  it('is thrown when the ledger is away, at any of its calls', async () => {
    for (const method of ['register', 'takeOver', 'finish', 'reportProgress'] as const) {
      const rig = createTransformRig();
      rig.store.onChunk = () => {
        rig.nowMs += 10_000;
      };
      rig.ledger[method] = async () => {
        throw new Error('database away');
      };
      await expect(rig.put(CONTENT)).rejects.toThrow('database away');
    }
  });

  it('is thrown when the next invocation cannot be started', async () => {
    const rig = createTransformRig();
    rig.transformCsv.invokeAsync = async () => {
      throw new Error('Lambda away');
    };
    rig.store.onChunk = () => {
      rig.remainingMs = 0;
    };
    await expect(rig.put(CONTENT)).rejects.toThrow('Lambda away');
  });
});
