import { OutcomeSettler } from '../../../functions/redrive/outcome-settler.ts';
import { redriveEntry } from '../../contract/redrive-ledger-subject.ts';
import { InMemoryAppliedOffsets } from '../../support/cdc/in-memory-applied-offsets.ts';
import { InMemoryRedriveLedger } from '../../support/in-memory-redrive-ledger.ts';
import { InMemoryTopics } from '../../support/in-memory-topics.ts';

let ledger: InMemoryRedriveLedger;
let topics: InMemoryTopics;
let applied: InMemoryAppliedOffsets;
let recordsOffsets: boolean;

/** Three records on topic t, published for dead letters 0, 1 and 2; one dead letter on its dead-letter topic. */
beforeEach(async () => {
  [ledger, topics, applied] = [new InMemoryRedriveLedger(), new InMemoryTopics(), new InMemoryAppliedOffsets()];
  recordsOffsets = false;
  for (const topic of ['t', 't.dead-letter']) topics.createTopic(topic, 1);
  topics.write('t', 0, 3);
  topics.write('t.dead-letter', 0, 1);
  ledger.add(...[0, 1, 2].map((number) => redriveEntry(number)));
  const redriveId = (await ledger.plan({ filter: {}, note: null, rate: null }))?.redriveId ?? '';
  await ledger.acquire(redriveId, 'me', 1_000);
  const batch = await ledger.nextBatch(redriveId, null, 10);
  const { topicId } = await topics.describe('t');
  await ledger.recordBatch(redriveId, 'me', {
    ...{ requested: [], refused: [], returned: [], filtered: [], obsolete: [] },
    published: batch.map((each) => ({ ...each, to: { topic: 't', topicId, partition: 0, offset: each.offset } })),
  });
  await ledger.finishPublishing(redriveId, 'me');
});

const makeSettler = () =>
  new OutcomeSettler({
    ...{ outcomes: ledger, inspector: topics, appliedOffsets: applied },
    consumers: { t: { group: 'g', deadLetterGroup: 'i', recordsOffsets } },
  });
const settle = () => makeSettler().settle();
const states = () => ledger.entries.map(({ state }) => state);
const indexed = () => topics.commitOffset('i', 't.dead-letter', 0, 1n);

describe('an outcome', () => {
  it('is awaited until the group has passed the record and everything it dead-lettered is indexed', async () => {
    await settle();
    topics.commitOffset('g', 't', 0, 2n);
    await settle();
    expect(states()).toEqual(['redriven', 'redriven', 'redriven']);
    indexed();
    await settle();
    expect(states()).toEqual(['resolved', 'resolved', 'redriven']);
    topics.commitOffset('g', 't', 0, 3n);
    await settle();
    expect(states()).toEqual(['resolved', 'resolved', 'resolved']);
    expect(await ledger.find()).toMatchObject({ state: 'complete', resolved: 3 });
  });

  it('is decided although further dead letters arrive all the time', async () => {
    const settler = makeSettler();
    topics.commitOffset('g', 't', 0, 2n);
    await settler.settle();
    // The observation is that of the first look: two records passed, one dead letter to index.
    topics.commitOffset('g', 't', 0, 3n);
    topics.write('t.dead-letter', 0, 5);
    topics.commitOffset('i', 't.dead-letter', 0, 1n);
    await settler.settle();
    expect(states()).toEqual(['resolved', 'resolved', 'redriven']);
    await settler.settle();
    expect(states()).toEqual(['resolved', 'resolved', 'redriven']);
    topics.commitOffset('i', 't.dead-letter', 0, 6n);
    await settler.settle();
    expect(states()).toEqual(['resolved', 'resolved', 'resolved']);
  });

  it('is that it failed again, when its dead letter came back', async () => {
    ledger.comeBack('t/0/1');
    topics.commitOffset('g', 't', 0, 3n);
    indexed();
    await settle();
    expect(states()).toEqual(['resolved', 'open', 'resolved']);
    expect(await ledger.find()).toMatchObject({ state: 'complete', resolved: 2, failed: 1 });
  });

  it('needs more than a group that was moved forward, where the target records what it has applied', async () => {
    recordsOffsets = true;
    indexed();
    topics.commitOffset('g', 't', 0, 3n);
    await applied.add([
      { topic: 't', partition: 0, first: 0n, next: 1n },
      { topic: 't', partition: 0, first: 2n, next: 9n },
    ]);
    await settle();
    expect(states()).toEqual(['resolved', 'redriven', 'resolved']);
  });

  it('is that the record is lost, when the topic was created again', async () => {
    topics.deleteTopic('t');
    topics.createTopic('t', 1);
    // The records of others, and a group that is far ahead, say nothing about those that were redriven.
    topics.write('t', 0, 9);
    topics.commitOffset('g', 't', 0, 9n);
    indexed();
    await settle();
    expect(states()).toEqual(['open', 'open', 'open']);
    expect(await ledger.find()).toMatchObject({ state: 'complete', resolved: 0, failed: 3 });
  });

  it('is that the record is lost, when it has expired before the group has read it', async () => {
    topics.commitOffset('g', 't', 0, 1n);
    topics.deleteRecords('t', 0, 2n);
    indexed();
    await settle();
    expect(states()).toEqual(['resolved', 'open', 'redriven']);
  });
});
