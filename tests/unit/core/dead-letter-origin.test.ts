import fc from 'fast-check';
import { dlqIdOf, originOfDlqId } from '../../../functions/core/dead-letter-origin.ts';

describe('the id of a failure', () => {
  it.each([
    [{ topic: 'employee-changes', partition: 3, offset: '42' }, 'employee-changes/3/42'],
    [{ bucket: 'b', key: 'in/a.csv', version: 'v1', row: 7, line: 9 }, 'b/in/a.csv@v1#7'],
    [{ bucket: 'b', key: 'a.csv', version: 'v1' }, 'b/a.csv@v1'],
  ])('of %j is %s', (origin, id) => {
    expect(dlqIdOf(origin)).toBe(id);
  });

  it('leads back to its record', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z.-]+$/),
        fc.nat(),
        fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
        (...parts) => {
          const [topic, partition, offset] = parts;
          const origin = { topic, partition, offset: String(offset) };
          expect(originOfDlqId(dlqIdOf(origin))).toEqual(origin);
        },
      ),
    );
  });

  it('leads back to its row, whatever the key of the file is', () => {
    const version = fc.stringMatching(/^[\w.-]+$/);
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), version, fc.option(fc.nat(), { nil: undefined }), (key, v, row) => {
        const origin = { bucket: 'bucket', key, version: v, ...(row !== undefined && { row }) };
        expect(originOfDlqId(dlqIdOf(origin))).toEqual(origin);
      }),
    );
  });

  it.each(['in\nout.csv', 'a@b#1.csv', 'a/b@c'])('leads back to the file with key %j', (key) => {
    for (const row of [undefined, 7]) {
      const origin = { bucket: 'b', key, version: 'v', ...(row !== undefined && { row }) };
      expect(originOfDlqId(dlqIdOf(origin))).toEqual(origin);
    }
  });

  it('tells a file whose key looks like a place in a topic from a record', () => {
    const origin = { bucket: 'b', key: '1/2', version: 'v' };
    expect(originOfDlqId(dlqIdOf(origin))).toEqual(origin);
  });

  it.each([
    ...[
      '',
      'employee-changes',
      'a/b',
      'a/1/x',
      '/1/2',
      'a/b/1/2',
      'a/1/2x',
      'a/12345678901/2',
      'a/1/12345678901234567890',
    ],
    ...['/k@v', '/b/k@v', 'b/@v', 'b/k@', 'b/k@v#x', 'b/k@v#7x', 'b/k@v#12345678901'],
  ])('is not %j', (text) => {
    expect(originOfDlqId(text)).toBeUndefined();
  });
});
