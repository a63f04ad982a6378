import type { DeadLetter } from '../../../functions/core/dead-letter.ts';
import { arrivalOf, BUCKET } from '../../contract/salary-database.ts';
import { RedriverRig, SALARIES } from '../../support/redriver-rig.ts';

const HEADER = 'Department,Department-Division,Position Title,Initial Hire Date,Salary';

let rig: RedriverRig;
beforeEach(() => {
  rig = new RedriverRig();
});

describe('a row of a file', () => {
  const rows = [
    'EMS,Field,Medic,2015-01-01,1000',
    'EMS,Field,Medic,2009-01-01,1000',
    'EMS,Field,Medic,2015-01-01,many',
  ];
  const text = `${HEADER}\r\n${rows.join('\r\n')}\r\n`;
  let arrival: ReturnType<typeof arrivalOf>;
  const rejectedRow = (row: number, bytes = rows[row - 1] ?? ''): DeadLetter => {
    const start = text.indexOf(rows[row - 1] ?? '');
    const byteRange = [start, start + (rows[row - 1]?.length ?? 0)] as const;
    const { key, version } = arrival;
    return {
      ...{ code: 'PIPE_ROW_SALARY', reason: 'why', payload: Buffer.from(bytes) },
      origin: { bucket: BUCKET, key, version, line: row + 1, row, byteRange },
    };
  };
  const addFile = (state: string) =>
    rig.ledger.files.push({
      fileId: '1',
      key: arrival.key,
      version: arrival.version,
      state,
      rejected: 3,
      filteredOut: 0,
    });
  beforeEach(() => {
    const { eTag, bytes } = rig.bucket.put('a.csv', text);
    arrival = arrivalOf('a.csv', '1', { eTag, sizeBytes: bytes.length });
    rig.ledger.arrivalOf = () => arrival;
  });

  it('is judged again by the rules of today: sent, filtered out, or rejected once more', async () => {
    addFile('complete');
    await rig.deadLetter(SALARIES, rejectedRow(3), rejectedRow(1), rejectedRow(2));
    expect(await rig.run()).toBe('published');
    const [sent, ...others] = rig.publisher.recordsOf(SALARIES);
    expect(others).toEqual([]);
    expect(JSON.parse(sent?.value ?? '')).toMatchObject({ key: 'a.csv', version: '1', rowNumber: 1, salary: 1_000 });
    expect(sent?.headers).toMatchObject({ 'dlq.id': `${BUCKET}/a.csv@1#1`, 'dlq.attempts': '1' });
    const stateOf = (row: number) => rig.ledger.entries.find(({ file }) => file?.row === row);
    expect([1, 2, 3].map((row) => stateOf(row)?.state)).toEqual(['redriven', 'resolved', 'open']);
    expect(stateOf(3)?.attempts).toBe(2);
    expect(rig.ledger.files).toMatchObject([{ rejected: 2, filteredOut: 1 }]);
    const again = rig.publisher.recordsOf(`${SALARIES}.dead-letter`).at(-1);
    expect(JSON.parse(again?.value ?? '')).toMatchObject({
      code: 'PIPE_ROW_SALARY',
      attempts: 2,
      origin: { row: 3, line: 4 },
    });
  });

  it('is refused when its dead letter was edited', async () => {
    addFile('complete');
    await rig.deadLetter(SALARIES, rejectedRow(1, 'EMS,Field,Medic,2015-01-01,9999'));
    await rig.run();
    expect(await rig.refusalCodes()).toEqual(['PIPE_REDRIVE_EDITED']);
    expect(rig.publisher.recordsOf(SALARIES)).toEqual([]);
  });

  it('is refused when its version is gone from the bucket', async () => {
    addFile('complete');
    rig.bucket.put('a.csv', 'other');
    await rig.deadLetter(SALARIES, rejectedRow(1));
    await rig.run();
    expect(await rig.refusalCodes()).toEqual(['PIPE_REDRIVE_ORIGIN_GONE']);
  });

  it('is refused while its file is loading', async () => {
    addFile('loading');
    await rig.deadLetter(SALARIES, rejectedRow(1));
    await rig.run();
    expect(await rig.refusalCodes()).toEqual(['PIPE_REDRIVE_FILE_STATE']);
    expect(rig.states).toEqual(['open']);
  });

  it('is obsolete when a newer version has replaced its file', async () => {
    addFile('superseded');
    await rig.deadLetter(SALARIES, rejectedRow(1));
    await rig.run();
    expect(rig.states).toEqual(['obsolete']);
  });
});

describe('a rejected file', () => {
  it('is processed again by transform-csv', async () => {
    const arrival = arrivalOf('a.csv', '1');
    rig.files.addFile(arrival, 'rejected');
    rig.ledger.arrivalOf = () => arrival;
    rig.ledger.files.push({ fileId: '1', key: 'a.csv', version: '1', state: 'rejected', rejected: 0, filteredOut: 0 });
    const { bucket: name, key, version } = arrival;
    await rig.deadLetter(SALARIES, {
      code: 'PIPE_FILE_EMPTY',
      reason: 'why',
      origin: { bucket: name, key, version },
      payload: null,
    });
    expect(await rig.run()).toBe('published');
    expect(rig.files.file(arrival).state).toBe('loading');
    expect(rig.transformCsv.events).toEqual([{ arrival }]);
    expect(rig.states).toEqual(['redriven']);
  });
});
