import { decodeRedriveEvent } from '../../../functions/redrive/redrive-event.ts';

const isAccepted = (event: object) => {
  try {
    decodeRedriveEvent(event);
    return true;
  } catch {
    return false;
  }
};
const plan = (filter: object, more: object = {}) => isAccepted({ action: 'plan', filter, ...more });
const texts = (count: number, length = 1) => Array.from({ length: count }, () => 'x'.repeat(length));

describe('an event of redrive is refused', () => {
  it.each(['topic', 'key', 'file'])('when the %s of its filter is empty or longer than 1,024 characters', (field) => {
    expect([0, 1, 1_024, 1_025].map((length) => plan({ [field]: 'x'.repeat(length) }))).toEqual([
      ...[false, true, true, false],
    ]);
  });

  it('when it names no code, more than 100, or one that is empty or too long', () => {
    expect([0, 1, 100, 101].map((count) => plan({ codes: texts(count) }))).toEqual([false, true, true, false]);
    expect([0, 1_024, 1_025].map((length) => plan({ codes: texts(1, length) }))).toEqual([false, true, false]);
  });

  it('when it names no dead letter, more than 1,000, or one that is empty or too long', () => {
    expect([0, 1, 1_000, 1_001].map((count) => plan({ ids: texts(count) }))).toEqual([false, true, true, false]);
    expect([0, 4_096, 4_097].map((length) => plan({ ids: texts(1, length) }))).toEqual([false, true, false]);
  });

  it('when its note has more than 1,000 characters', () => {
    expect([0, 1_000, 1_001].map((length) => plan({}, { note: 'x'.repeat(length) }))).toEqual([true, true, false]);
    expect(plan({}, { note: null })).toBe(true);
  });

  it('when its rate is no whole number from 1 to 1,000,000', () => {
    const rates = [0, 0.5, 1, 1_000_000, 1_000_001];
    expect(rates.map((rate) => plan({}, { rate }))).toEqual([false, false, true, true, false]);
    expect(plan({}, { rate: null })).toBe(true);
  });

  it.each(['run', 'cancel', 'show'])('when the redrive to %s has no number of up to 18 digits', (action) => {
    const ids = ['', '7', '9'.repeat(18), '9'.repeat(19), '7x', 'x7', 7];
    expect(ids.map((redriveId) => isAccepted({ action, redriveId }))).toEqual([
      ...[false, true, true, false, false, false, false],
    ]);
  });

  it.each(['plan', 'run', 'cancel', 'show'])('when it has an unknown field: %s', (action) => {
    const event = { action, ...(action !== 'plan' && { redriveId: '7' }) };
    expect([isAccepted(event), isAccepted({ ...event, where: 'true' })]).toEqual([true, false]);
  });

  it('with a message that names the field', () => {
    expect(() => decodeRedriveEvent({ action: 'run', redriveId: 'x' })).toThrow(
      /^expected an event of redrive, found another one: .*expected the number of a redrive\n.*redriveId/s,
    );
  });
});

test('the latest redrive is shown and cancelled without its number', () => {
  expect(decodeRedriveEvent({ action: 'show' })).toEqual({ action: 'show' });
  expect(decodeRedriveEvent({ action: 'cancel' })).toEqual({ action: 'cancel' });
  expect(() => decodeRedriveEvent({ action: 'run' })).toThrow(TypeError);
});

test.each([null, undefined, 'text', 7, []])('%p is the event of the schedule', (event) => {
  expect(decodeRedriveEvent(event)).toEqual({ action: 'resume' });
});
