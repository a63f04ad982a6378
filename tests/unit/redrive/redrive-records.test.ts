import { decodeEnvelope } from '../../../functions/core/dead-letter-envelope.ts';
import { CHANGES, changeOf, failedChange, RedriverRig } from '../../support/redriver-rig.ts';

let rig: RedriverRig;
beforeEach(() => {
  rig = new RedriverRig();
});

describe('a record', () => {
  it('goes to its topic and partition with its key, value and headers, and the name of its failure', async () => {
    const headers = [
      ['traceparent', Buffer.from('00-a')],
      ['__dlq.errors.topic', Buffer.from('x')],
    ] as const;
    await rig.deadLetter(CHANGES, failedChange(5, { headers }), failedChange(6, { key: null }));
    expect(await rig.run()).toBe('published');
    const ours = { 'dlq.attempts': '1', 'dlq.first-at': expect.any(String) };
    expect(rig.publisher.recordsOf(CHANGES)).toEqual([
      {
        partition: 1,
        key: 'k5',
        value: changeOf('v5'),
        headers: { traceparent: '00-a', 'dlq.id': `${CHANGES}/1/5`, ...ours },
      },
      { partition: 1, key: null, value: changeOf('v6'), headers: { 'dlq.id': `${CHANGES}/1/6`, ...ours } },
    ]);
    expect(rig.ledger.entries.map(({ to }) => to?.offset)).toEqual([0n, 1n]);
    expect(rig.states).toEqual(['redriven', 'redriven']);
  });

  it('is fetched from its topic when its dead letter is cut', async () => {
    const value = Buffer.from(changeOf('x'.repeat(300_000)));
    await rig.publisher.publish(CHANGES, [{ key: 'k0', value, partition: 1 }]);
    await rig.deadLetter(CHANGES, failedChange(0, { value }));
    await rig.run();
    expect(rig.publisher.recordsOf(CHANGES).map((each) => each.value?.length)).toEqual([value.length, value.length]);
  });

  it('is refused when its dead letter is cut and its topic has it no more, or another record', async () => {
    const value = Buffer.from(changeOf('x'.repeat(300_000)));
    await rig.publisher.publish(CHANGES, [{ key: 'k0', value: 'another', partition: 1 }]);
    await rig.deadLetter(CHANGES, failedChange(0, { value }), failedChange(7, { value }));
    await rig.run();
    expect(await rig.refusalCodes()).toEqual(['PIPE_REDRIVE_EDITED', 'PIPE_REDRIVE_ORIGIN_GONE']);
    expect(rig.states).toEqual(['open', 'open']);
    expect(rig.publisher.recordsOf(CHANGES)).toHaveLength(1);
  });

  it.each<[string, (text: string) => string]>([
    ['payload', (text) => text.replace('v5', 'v6')],
    ['origin', (text) => text.replaceAll(`"topic":"${CHANGES}"`, '"topic":"elsewhere"')],
  ])('is refused when the %s of its dead letter was edited', async (_, edit) => {
    await rig.deadLetter(CHANGES, failedChange(5));
    const [entry] = rig.ledger.entries;
    const [{ value = '' } = {}] = rig.publisher.recordsOf(`${CHANGES}.dead-letter`);
    const edited = edit(value ?? '');
    await rig.publisher.publish(`${CHANGES}.dead-letter`, [{ key: null, value: edited, partition: 0 }]);
    const id = decodeEnvelope(Buffer.from(edited))?.id ?? '';
    const offset =
      rig.publisher.recordsOf(`${CHANGES}.dead-letter`).filter(({ partition }) => partition === 0).length - 1;
    Object.assign(entry ?? {}, { dlqId: id, partition: 0, offset });
    await rig.run();
    expect(await rig.refusalCodes()).toEqual(['PIPE_REDRIVE_EDITED']);
    expect(rig.publisher.recordsOf(CHANGES)).toEqual([]);
  });

  it('is refused when the dead letter is gone or another one is in its place', async () => {
    await rig.deadLetter(CHANGES, failedChange(5), failedChange(6));
    Object.assign(rig.ledger.entries[0] ?? {}, { offset: 99 });
    Object.assign(rig.ledger.entries[1] ?? {}, { dlqId: `${CHANGES}/1/77` });
    await rig.run();
    expect((await rig.ledger.find())?.refusals.map(({ code, count }) => [code, count])).toEqual([
      ['PIPE_REDRIVE_GONE', 1],
      ['PIPE_REDRIVE_GONE', 1],
    ]);
  });

  it('is refused, and the remedy told, when it is a record of another kind on the dead-letter topic', async () => {
    const topic = `${CHANGES}.dead-letter`;
    await rig.publisher.publish(topic, [{ key: null, value: 'another kind', partition: 1 }]);
    const place = { topic, partition: 1, offset: 0 };
    const dlqId = `${topic}/1/0`;
    rig.ledger.add({ ...place, dlqId, code: 'PIPE_DEAD_LETTER_UNREADABLE', attempts: 1, key: null, state: 'open' });
    await rig.run();
    expect((await rig.ledger.find())?.refusals).toMatchObject([
      { code: 'PIPE_REDRIVE_EDITED', reason: expect.stringMatching(/another kind .* discard it$/), ids: [dlqId] },
    ]);
  });

  it('is refused when it is an older change than what the target remembers of deletions', async () => {
    const old = failedChange(5, { value: Buffer.from(changeOf('v', '2026-10-20T00:00:00Z')) });
    const recent = failedChange(6, { value: Buffer.from(changeOf('v', '2026-11-20T00:00:00Z')) });
    await rig.deadLetter(CHANGES, old, recent, failedChange(7, { value: Buffer.from('no JSON') }));
    await rig.run();
    expect(await rig.refusalCodes()).toEqual(['PIPE_REDRIVE_TOO_OLD']);
    expect(rig.states).toEqual(['open', 'redriven', 'redriven']);
  });

  it('is refused when its partition does not exist any more', async () => {
    await rig.deadLetter(CHANGES, failedChange(5, { partition: 9 }));
    await rig.run();
    expect(await rig.refusalCodes()).toEqual(['PIPE_REDRIVE_ORIGIN_GONE']);
  });
});
