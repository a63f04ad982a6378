import { handleRedriveEvent } from '../../../functions/redrive/handle-event.ts';
import type { RedriveEvent } from '../../../functions/redrive/redrive-event.ts';
import { exampleDeadLetter } from '../../support/dashboard/example-state.ts';
import { CHANGES, failedChange, NO_DEADLINE, RedriverRig } from '../../support/redriver-rig.ts';

let rig: RedriverRig;
beforeEach(async () => {
  rig = new RedriverRig();
  await rig.deadLetter(CHANGES, failedChange(5));
});

const handle = (event: RedriveEvent) => handleRedriveEvent(rig, event, { owner: 'me', deadline: NO_DEADLINE });
const PLAN = { action: 'plan', filter: {}, note: null, rate: null, dryRun: false } as const;

test('a redrive is planned, shown, run and shown again', async () => {
  expect(await handle(PLAN)).toMatchObject({ redrive: { redriveId: '1', state: 'planned', claimed: 1 } });
  expect(await handle({ action: 'show', redriveId: '1' })).toMatchObject({ redrive: { state: 'planned' } });
  expect(await handle({ action: 'run', redriveId: '1' })).toEqual({ outcome: 'published' });
  expect(await handle({ action: 'show' })).toMatchObject({ redrive: { redriveId: '1', published: 1 } });
});

test('one that is cancelled by its number, or as the latest, is not taken up by the schedule', async () => {
  await handle(PLAN);
  expect(await handle({ action: 'cancel' })).toMatchObject({ redrive: { redriveId: '1', state: 'canceled' } });
  expect(await handle({ action: 'resume' })).toEqual({ outcome: 'idle' });
  await handle(PLAN);
  expect(await handle({ action: 'cancel', redriveId: '2' })).toMatchObject({ redrive: { state: 'canceled' } });
});

test('one that does not exist is neither shown nor cancelled', async () => {
  expect(await handle({ action: 'show', redriveId: '9' })).toEqual({ redrive: null });
  expect(await handle({ action: 'cancel', redriveId: '9' })).toEqual({ redrive: null });
  expect(await handle({ action: 'cancel' })).toEqual({ redrive: null });
});

test('one whose owner is silent is taken up by the schedule', async () => {
  await handle(PLAN);
  await rig.ledger.acquire('1', 'dead', 1_000);
  rig.ledger.age(31_000);
  expect(await handle({ action: 'resume' })).toEqual({ outcome: 'published' });
});

test('a dead letter is given up by its name, and one that is unknown is told', async () => {
  await rig.deadLetters.index([exampleDeadLetter(new Date())]);
  expect(await handle({ action: 'discard', id: 'employee-changes/3/1742' })).toEqual({ state: 'discarded' });
  expect(await handle({ action: 'discard', id: 't/0/2' })).toEqual({ state: null });
});
