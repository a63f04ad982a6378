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
});
