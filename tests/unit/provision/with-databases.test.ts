import { withDatabases } from '../../../functions/provision/with-databases.ts';

let closed: string[];
beforeEach(() => {
  closed = [];
});

const open = (name: string) => async () => ({
  name,
  close: async () => {
    closed.push(name);
  },
});
const refused = () => Promise.reject(new Error('refused'));

it('gives the two databases to the work, and closes them when it has ended', async () => {
  const names = await withDatabases(open('source'), open('target'), async (source, target) => {
    expect(closed).toEqual([]);
    return [source.name, target.name];
  });
  expect(names).toEqual(['source', 'target']);
  expect(closed).toEqual(['source', 'target']);
});

it('closes them also when the work fails, so that the next attempt signs in from the beginning', async () => {
  await expect(withDatabases(open('source'), open('target'), refused)).rejects.toThrow('refused');
  expect(closed).toEqual(['source', 'target']);
});

it('closes the one that was opened when the other was not', async () => {
  await expect(withDatabases(refused, open('target'), async () => {})).rejects.toThrow('refused');
  expect(closed).toEqual(['target']);
});
