import type { Redrive } from '../../../functions/core/redrive.ts';
import { decodeRedriveEvent } from '../../../functions/redrive/redrive-event.ts';
import { AppRig, NOW } from '../../support/dashboard/app-rig.ts';
import { exampleDeadLetter, exampleState, exampleTrouble } from '../../support/dashboard/example-state.ts';

let rig: AppRig;

beforeEach(async () => {
  rig = await AppRig.create();
  rig.readRecord = async () => Buffer.from(deadLetterJson({ payload: '<b>{"salary": "x"}</b>' }));
});

function deadLetterJson(fields: object): string {
  const origin = { topic: 'employee-changes', partition: 3, offset: '1742' };
  const failure = { code: 'PIPE_CHANGE_FIELD', reason: 'expected a number', origin };
  return JSON.stringify({ schema: 1, ...failure, payloadEncoding: 'utf8', payloadBytes: 20, cut: false, ...fields });
}

/** A redrive of 3 dead letters, one of which was refused. */
const REDRIVE = {
  ...{ redriveId: '7', state: 'running', filter: {}, note: 'after the fix', rate: null, claimed: 3, published: 2 },
  ...{ counts: [{ code: 'PIPE_CHANGE_FIELD', destination: 'employee-changes', count: 3 }], resolved: 1, failed: 0 },
  refusals: [{ code: 'PIPE_REDRIVE_EXPIRED', reason: 'its origin is gone', count: 1, ids: ['a/0/1'] }],
  ...{ refused: 1, obsolete: 0, createdAt: NOW.toISOString(), finishedAt: null },
} satisfies Record<keyof Redrive, unknown>;

describe('the page of a dead letter', () => {
  const page = () => rig.get(`/dead-letter?id=${encodeURIComponent(exampleDeadLetter(NOW).id)}`);

  it('shows the payload as plain text', async () => {
    expect(await page()).toContain('&lt;b&gt;{&quot;salary&quot;: &quot;x&quot;}&lt;/b&gt;');
  });

  it('shows only the beginning of a long payload, and no half character', async () => {
    rig.readRecord = async () => Buffer.from(deadLetterJson({ payload: `${'x'.repeat(4_095)}é and more` }));
    const text = await page();
    expect(text).toContain(`${'x'.repeat(4_095)}</pre>`);
    expect(text).toContain('only the beginning is shown');
  });

  it('shows a payload that is no text in base64', async () => {
    rig.readRecord = async () => Buffer.from(deadLetterJson({ payload: '/w==', payloadEncoding: 'base64' }));
    expect(await page()).toContain('>/w==</pre>');
  });

  it('says so when the topic does not have it any more, and when Kafka is away', async () => {
    rig.readRecord = async () => null;
    expect(await page()).toContain('It is gone');
    rig.readRecord = async () => Promise.reject(new Error('no broker'));
    expect(await page()).toContain('Kafka does not answer');
  });

  it('does not show the dead letter of another failure at the same offset of a topic that was created again', async () => {
    const origin = { topic: 'employee-changes', partition: 3, offset: '1743' };
    rig.readRecord = async () => Buffer.from(deadLetterJson({ payload: 'of another employee', origin }));
    const text = await page();
    expect(text).toContain('It is gone');
    expect(text).not.toContain('of another employee');
  });

  it('shows a record that is no dead letter as it is', async () => {
    const { topic, partition, offset } = exampleDeadLetter(NOW);
    rig.deadLetter = { ...exampleDeadLetter(NOW), id: `${topic}/${partition}/${offset}` };
    rig.readRecord = async () => Buffer.from('<b>no dead letter</b>');
    expect(await rig.get(`/dead-letter?id=${encodeURIComponent(rig.deadLetter.id)}`)).toContain(
      '&lt;b&gt;no dead letter&lt;/b&gt;',
    );
  });

  it('says where the rest is of what has no payload', async () => {
    rig.readRecord = async () => null;
    const file = { bucket: 'salaries', key: 'unusable.csv', version: '1', row: null };
    rig.deadLetter = { ...exampleDeadLetter(NOW), file, payloadBytes: null };
    expect(await page()).toContain('a whole file, which is in the bucket');
    rig.deadLetter = { ...exampleDeadLetter(NOW), payloadBytes: null };
    expect(await page()).toContain('the record had no value');
  });

  it('is the only one that shows a payload, and the log never does', async () => {
    rig.state = exampleState(NOW, exampleTrouble(NOW));
    for (const path of ['/', '/dead-letters']) expect(await rig.get(path)).not.toContain('salary&quot;: &quot;x');
    expect(rig.logger.entries).toEqual([]);
  });
});

describe('actions', () => {
  it('verify now without waiting for the end', async () => {
    const response = await rig.post('/verify');
    expect([response.status, response.headers.get('location')]).toEqual([303, '/#agreement']);
    expect(rig.actions).toEqual([['verify-replica', { action: 'verify' }]]);
  });

  it('show what a redrive would take, and claim nothing', async () => {
    rig.answer = { counts: REDRIVE.counts, redrive: null };
    const text = await rig.get('/redrive?code=PIPE_CHANGE_FIELD&key=7');
    expect(rig.actions).toEqual([
      ['redrive', { action: 'plan', filter: { codes: ['PIPE_CHANGE_FIELD'], key: '7' }, note: null, dryRun: true }],
    ]);
    expect(text).toContain('Redrive 3 dead letters?');
    expect(text).toContain('<input type="hidden" name="code" value="PIPE_CHANGE_FIELD"/>'.replace('/>', '>'));
  });

  it('cut each field at what function redrive accepts', async () => {
    rig.answer = { counts: REDRIVE.counts, redrive: null };
    const long = 'x'.repeat(1_025);
    await rig.post('/redrive', { code: long, key: long, file: long, id: 'x'.repeat(4_097) });
    const [, event] = rig.actions[0] ?? [];
    const text = 'x'.repeat(1_024);
    const filter = { codes: [text], key: text, file: text, ids: ['x'.repeat(4_096)] };
    expect(event).toEqual({ action: 'plan', filter, note: null, dryRun: false });
    expect(() => decodeRedriveEvent(event)).not.toThrow();
  });

  it('plan a redrive, run it, and lead to its progress', async () => {
    rig.answer = { counts: REDRIVE.counts, redrive: REDRIVE };
    const response = await rig.post('/redrive', { code: 'PIPE_CHANGE_FIELD', note: ' after the fix ', filter: '1=1' });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/redrives/7']);
    expect(rig.actions).toEqual([
      ['redrive', { action: 'plan', filter: { codes: ['PIPE_CHANGE_FIELD'] }, note: 'after the fix', dryRun: false }],
      ['redrive, not awaited', { action: 'run', redriveId: '7' }],
    ]);
  });

  it('run nothing when nothing matches any more, or the plan is refused', async () => {
    expect((await rig.post('/redrive', { code: 'PIPE_A' })).status).toBe(409);
    rig.answer = { refusal: { code: 'PIPE_REDRIVE_CODE', reason: 'expected a code of a dead letter, found PIPE_B' } };
    const response = await rig.post('/redrive', { code: 'PIPE_B' });
    expect([response.status, await response.text()]).toEqual([409, expect.stringContaining('found PIPE_B')]);
    expect(rig.actions.map(([name]) => name)).toEqual(['redrive', 'redrive']);
  });

  it('show the progress of a redrive, its refusals, and how to cancel it', async () => {
    rig.answer = { redrive: REDRIVE };
    const text = await rig.get('/redrives/7');
    expect(rig.actions).toEqual([['redrive', { action: 'show', redriveId: '7' }]]);
    for (const part of ['after the fix', 'its origin is gone', '/redrives/7/cancel', 'every 2s'])
      expect(text).toContain(part);
    rig.answer = { redrive: { ...REDRIVE, state: 'complete' } };
    expect(await rig.get('/redrives/7')).not.toContain('every 2s');
  });

  it.each([
    [{ state: 'running' }, 'publishing'],
    [{ state: 'settling' }, 'awaiting outcomes'],
    [{ state: 'canceled' }, 'cancelled'],
    [{ state: 'failed' }, 'failed'],
    [{ state: 'complete', failed: 1 }, 'some failed again'],
    [{ state: 'complete' }, 'some refused'],
    [{ state: 'complete', refused: 0 }, 'complete'],
  ])('say of a redrive with %j that it is %s', async (changes, word) => {
    rig.answer = { redrive: { ...REDRIVE, ...changes } };
    expect(await rig.get('/redrives/7')).toMatch(new RegExp(`<span class="chip \\w+">${word}</span>`));
  });

  it('cancel a redrive', async () => {
    const response = await rig.post('/redrives/7/cancel');
    expect(response.headers.get('location')).toBe('/redrives/7');
    expect(rig.actions).toEqual([['redrive', { action: 'cancel', redriveId: '7' }]]);
  });

  it('are refused when they come from another origin, or name no redrive', async () => {
    const foreign = { method: 'POST', headers: { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:8080' } };
    expect((await rig.request('/verify', foreign)).status).toBe(403);
    expect((await rig.post('/redrives/7%20or%201/cancel')).status).toBe(404);
    expect(rig.actions).toEqual([]);
  });
});
