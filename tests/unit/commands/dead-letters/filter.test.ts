import { filterOf, requireKnownCode, timeOf } from '../../../../localstack/commands/dead-letters/filter.ts';
import { changeEntry } from '../../../contract/dead-letter-ledger.ts';
import { InMemoryDeadLetterLedger } from '../../../support/in-memory-dead-letter-ledger.ts';

describe('the filter', () => {
  test('selects by default what waits for an operator', () => {
    expect(filterOf({})).toEqual({ states: ['open', 'parked'] });
  });

  test('has what was given, and every state on request', () => {
    const since = new Date();
    const options = { code: 'PIPE_X', key: '7', file: 'a.csv', since, topic: 'employee-changes', state: 'all' };
    expect(filterOf(options)).toEqual({
      ...{ codes: ['PIPE_X'], key: '7', file: 'a.csv', since },
      topics: ['employee-changes.dead-letter'],
    });
    expect(filterOf({ state: 'resolved', topic: 'employee-salaries.dead-letter' })).toEqual({
      states: ['resolved'],
      topics: ['employee-salaries.dead-letter'],
    });
  });

  test('refuses a topic without dead letters, and names the nearest', () => {
    expect(() => filterOf({ topic: 'employee-change' })).toThrow('Did you mean employee-changes.dead-letter?');
    expect(() => filterOf({ topic: 'x' })).toThrow(/found "x"\.$/);
  });

  test.each([
    ['90s', '2026-11-26T09:58:30.000Z'],
    ['15min', '2026-11-26T09:45:00.000Z'],
    ['2h', '2026-11-26T08:00:00.000Z'],
    ['3 d', '2026-11-23T10:00:00.000Z'],
    ['2026-11-01', '2026-11-01T00:00:00.000Z'],
    ['2026-11-01T12:00+02:00', '2026-11-01T10:00:00.000Z'],
  ])('reads the time %s', (text, expected) => {
    expect(timeOf(text, undefined, Date.parse('2026-11-26T10:00:00Z')).toISOString()).toBe(expected);
  });

  test.each(['', 'yesterday', '7', '2 weeks', '2026-13-01'])('refuses the time "%s"', (text) => {
    expect(() => timeOf(text)).toThrow('Expected a time such as');
  });
});

describe('an unknown code', () => {
  let ledger: InMemoryDeadLetterLedger;
  beforeEach(async () => {
    ledger = new InMemoryDeadLetterLedger();
    await ledger.index([changeEntry(1), changeEntry(2, 0, { code: 'noNegativeEmpId' })]);
  });

  test('is refused with the nearest one that there is', async () => {
    await expect(requireKnownCode(ledger, 'PIPE_CHANGE_FIELDS')).rejects.toThrow('Did you mean PIPE_CHANGE_FIELD?');
  });

  test('is refused with all codes when none is near, and with none when there are none', async () => {
    await expect(requireKnownCode(ledger, 'x')).rejects.toThrow('there are: PIPE_CHANGE_FIELD, noNegativeEmpId.');
    await expect(requireKnownCode(new InMemoryDeadLetterLedger(), 'x')).rejects.toThrow('There are no dead letters.');
  });

  test('is not one that only resolved dead letters have', async () => {
    ledger.setState(changeEntry(1).id, 'resolved');
    await expect(requireKnownCode(ledger, 'PIPE_CHANGE_FIELD')).resolves.toBeUndefined();
  });
});
