import { readClocks } from '../../../../localstack/commands/status/server-clocks.ts';

const NOW_MS = Date.parse('2026-12-31T12:00:00Z');
const DAY_MS = 86_400_000;

beforeEach(() => jest.spyOn(Date, 'now').mockReturnValue(NOW_MS));
afterEach(() => jest.restoreAllMocks());

test('reads the clocks by the header Date and by SQL, and leaves out the servers that do not say their time', async () => {
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (url) => {
    if (url === 'http://away') throw new TypeError('fetch failed');
    const date = new Date(NOW_MS + DAY_MS).toUTCString();
    const headers: Record<string, string> = url === 'http://ahead' ? { date } : {};
    return new Response(null, { status: 403, headers });
  });
  const behind = { query: async () => ({ rows: [{ nowMs: NOW_MS - DAY_MS }] }) as never };
  const away = { query: () => Promise.reject(new Error('away')) };
  const clocks = await readClocks(
    {
      http: { ahead: 'http://ahead', silent: 'http://silent', away: 'http://away' },
      databases: { behind, gone: away },
    },
    AbortSignal.timeout(1_000),
  );
  expect(clocks).toEqual([
    { name: 'ahead', aheadMs: DAY_MS },
    { name: 'behind', aheadMs: -DAY_MS },
  ]);
});
