import { PipelineError } from '../../../functions/core/errors.ts';
import { planRedrive } from '../../../functions/redrive/plan.ts';
import { decodeRedriveEvent } from '../../../functions/redrive/redrive-event.ts';
import { redriveEntry } from '../../contract/redrive-ledger-subject.ts';
import { InMemoryRedriveLedger } from '../../support/in-memory-redrive-ledger.ts';

let ledger: InMemoryRedriveLedger;
beforeEach(() => {
  ledger = new InMemoryRedriveLedger();
  ledger.add(redriveEntry(1, { code: 'PIPE_CHANGE_FIELD' }), redriveEntry(2, { code: 'PIPE_ROW_SALARY' }));
});
const request = { filter: {}, note: null, rate: null, dryRun: false };

describe('a plan', () => {
  it('claims nothing in a dry run', async () => {
    const plan = await planRedrive({ ...request, dryRun: true }, ledger);
    expect(plan).toMatchObject({ redrive: null, counts: [{ count: 1 }, { count: 1 }] });
    expect(ledger.entries.map(({ state }) => state)).toEqual(['open', 'open']);
  });

  it('returns the redrive and its counts', async () => {
    expect(await planRedrive(request, ledger)).toMatchObject({ redrive: { claimed: 2 }, counts: [{}, {}] });
    expect(await planRedrive(request, ledger)).toMatchObject({ refusal: { code: 'PIPE_REDRIVE_IN_PROGRESS' } });
  });

  it('refuses a topic that is no dead-letter topic', async () => {
    const plan = await planRedrive({ ...request, filter: { topic: 'employee-changes' } }, ledger);
    expect(plan).toEqual({
      refusal: {
        code: 'PIPE_REDRIVE_TOPIC',
        reason: 'expected employee-changes.dead-letter or employee-salaries.dead-letter, found topic employee-changes',
      },
    });
  });

  it('refuses an unknown code, and names those that are like it', async () => {
    const plan = await planRedrive({ ...request, filter: { codes: ['PIPE_ROW_SALARY', 'PIPE_CHANGE_FEILD'] } }, ledger);
    expect(plan).toEqual({
      refusal: {
        code: 'PIPE_REDRIVE_CODE',
        reason: 'expected a code of a dead letter, found PIPE_CHANGE_FEILD; similar codes: PIPE_CHANGE_FIELD',
      },
    });
    expect(await planRedrive({ ...request, filter: { codes: ['x'] } }, ledger)).toMatchObject({
      refusal: { reason: 'expected a code of a dead letter, found x' },
    });
  });
});

describe('an event of redrive', () => {
  it.each([
    [
      { action: 'run', redriveId: '7' },
      { action: 'run', redriveId: '7' },
    ],
    [{ action: 'plan' }, { action: 'plan', filter: {}, note: null, rate: null, dryRun: false }],
    [{ 'detail-type': 'Scheduled Event' }, { action: 'resume' }],
    [{}, { action: 'resume' }],
  ])('%j is understood', (event, expected) => {
    expect(decodeRedriveEvent(event)).toEqual(expected);
  });

  it.each([
    { action: 'drop' },
    { action: 'run' },
    { action: 'run', redriveId: '1; drop table' },
    { action: 'plan', filter: { where: 'true' } },
    { action: 'plan', rate: 0 },
    { action: 'plan', filter: { key: 'x'.repeat(2_000) } },
  ])('%j is refused', (event) => {
    expect(() => decodeRedriveEvent(event)).toThrow(TypeError);
  });
});

describe('a plan of some dead letters', () => {
  it('is empty when nothing matches', async () => {
    expect(await planRedrive({ ...request, filter: { key: 'none' } }, ledger)).toEqual({ counts: [], redrive: null });
  });

  it('takes codes that are all known, and names every code that is like an unknown one', async () => {
    const known = { codes: ['PIPE_ROW_SALARY'] };
    expect(await planRedrive({ ...request, filter: known }, ledger)).toMatchObject({ redrive: { claimed: 1 } });
    ledger.add(redriveEntry(3, { code: 'PIPE_CHANGE_FIELDS' }));
    expect(await planRedrive({ ...request, filter: { codes: ['PIPE_CHANGE_FIELX'] } }, ledger)).toMatchObject({
      refusal: { reason: expect.stringContaining('similar codes: PIPE_CHANGE_FIELD, PIPE_CHANGE_FIELDS') },
    });
  });

  it.each([
    new Error('away'),
    new PipelineError('PIPE_OTHER', 'other', { retry: 'manual' }),
    Object.assign(new Error('looks alike'), { code: 'PIPE_REDRIVE_IN_PROGRESS' }),
  ])('passes on an error that is no refusal: %p', async (error) => {
    ledger.onChange = () => {
      throw error;
    };
    await expect(planRedrive(request, ledger)).rejects.toBe(error);
  });
});
