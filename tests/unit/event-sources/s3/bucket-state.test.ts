import { eventually } from '../../../support/eventually.ts';
import { StoppedClock } from '../jumping-clock.ts';
import { objectAt, sourceOn, useJournal } from './bucket-source-rig.ts';

useJournal();

describe('A bucket whose server offers a state', () => {
  test('is listed only when the state has changed', async () => {
    const clock = new StoppedClock();
    const { source, listing, queued } = sourceOn(clock);
    [listing.contents, listing.contentState] = [[objectAt(1)], 'one'];
    source.start([]);
    await source.polling();
    await eventually(() => clock.waits.length === 1);
    // Not seen, because the server says that nothing has changed.
    listing.contents = [objectAt(2)];
    source.notified('a', 'ObjectCreated:Put');
    await eventually(() => clock.waits.length === 2);
    expect(listing.listingCount).toBe(1);
    listing.contentState = 'two';
    source.notified('a', 'ObjectCreated:Put');
    await eventually(() => queued.length === 2);
    await source.stop();
    expect(listing.listingCount).toBe(2);
  });

  test('is listed again when it changes during a listing, or when a listing has failed', async () => {
    const clock = new StoppedClock();
    const { source, listing, queued } = sourceOn(clock);
    [listing.contents, listing.contentState] = [[objectAt(1)], 'one'];
    listing.onListing = () => {
      if (listing.listingCount === 1) throw new Error('away');
      if (listing.listingCount === 2) listing.contentState = 'two';
    };
    source.start([]);
    for (const count of [1, 2, 3]) {
      await eventually(() => listing.listingCount === count && clock.waits.length === count);
      source.notified('a', 'ObjectCreated:Put');
    }
    await eventually(() => queued.length === 1);
    await source.stop();
    expect(listing.listingCount).toBe(3);
  });

  test.each([
    ['the state', 1],
    ['whether an object is a copy', 2],
  ])('tells a copy also when %s could not be read once', async (_name, failing) => {
    const clock = new StoppedClock();
    const { source, listing, queued } = sourceOn(clock);
    [listing.contents, listing.contentState] = [[objectAt(1), objectAt(2, { key: 'b' })], 'one'];
    listing.copies = ['a', 'b'];
    let headCount = 0;
    listing.onHead = () => {
      headCount += 1;
      if (headCount === failing) throw new Error('away');
    };
    source.start([]);
    await eventually(() => clock.waits.length === 1);
    source.notified('other', 'ObjectCreated:Put');
    await eventually(() => queued.length === 2 && clock.waits.length === 2);
    await source.stop();
    expect(queued.map(({ eventName, object }) => `${eventName} ${object.key}`).sort()).toEqual([
      'ObjectCreated:Copy a',
      'ObjectCreated:Copy b',
    ]);
  });

  test('keeps the reported name of an object that shares a batch with one that could not be read', async () => {
    const clock = new StoppedClock();
    const { source, listing, queued } = sourceOn(clock);
    source.start([]);
    await eventually(() => clock.waits.length === 1);
    [listing.contents, listing.contentState] = [[objectAt(1), objectAt(2, { key: 'b' })], 'one'];
    let isAway = true;
    listing.isCopy = async () => {
      if (isAway) throw new Error('away');
      return false;
    };
    // Whether the server offers states is asked again.
    clock.advance(30_001);
    source.notified('b', 'ObjectCreated:Post');
    await eventually(() => clock.waits.length === 2);
    isAway = false;
    source.notified('other', 'ObjectCreated:Put');
    await eventually(() => queued.length === 2);
    await source.stop();
    expect(queued.map(({ eventName, object }) => `${eventName} ${object.key}`)).toEqual([
      'ObjectCreated:Post b',
      'ObjectCreated:Put a',
    ]);
  });
});
