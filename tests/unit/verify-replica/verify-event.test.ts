import {
  decodeVerifyEvent,
  SCHEDULED_CHANGES,
  SCHEDULED_SALARIES,
} from '../../../functions/verify-replica/verify-event.ts';

const DEFAULTS = { from: { slice: 0, after: null }, maxSlices: 12, repairsPerSecond: null, settleMs: 30_000 };
const isAccepted = (fields: object) => {
  try {
    decodeVerifyEvent({ action: 'verify', ...fields });
    return true;
  } catch {
    return false;
  }
};

test.each([null, undefined, 'text', 7, {}, { source: 'aws.events' }])('%p is the event of the schedule', (event) => {
  expect(decodeVerifyEvent(event)).toBe('scheduled');
});

test('a request is about both parts, unless it names one', () => {
  const changes = { ...DEFAULTS, isRepair: false, pace: 'adaptive' };
  const salaries = { isRepair: false, isDeep: false, deepFrom: null };
  expect(decodeVerifyEvent({ action: 'verify' })).toEqual({ changes, salaries });
  expect(decodeVerifyEvent({ action: 'verify', part: 'changes' })).toEqual({ changes, salaries: null });
  expect(decodeVerifyEvent({ action: 'verify', part: 'salaries' })).toEqual({ changes: null, salaries });
});

test('a repair continues where and as it is asked to', () => {
  const request = { from: { slice: 3, after: 70 }, maxSlices: 2, repairsPerSecond: 0.5, settleMs: 0 };
  const repaired = { totals: 0, superseded: 1, files: 2 };
  const deepFrom = { unrepaired: 3, afterFileId: null, differences: 1, findings: [], repaired };
  expect(decodeVerifyEvent({ action: 'repair', ...request, isDeep: true, deepFrom })).toEqual({
    changes: { ...request, isRepair: true, pace: 'full' },
    salaries: { isRepair: true, isDeep: true, deepFrom },
  });
});

test.each<[string, object[], object[]]>([
  [
    'slice',
    [{ from: { slice: 0, after: null } }, { from: { slice: 11, after: 5 } }],
    [{ from: { slice: 12, after: 5 } }],
  ],
  ['first slice', [], [{ from: { slice: -1, after: 5 } }, { from: { slice: 1.5, after: 5 } }, { from: { slice: 1 } }]],
  [
    'repair that continues',
    [{ from: { slice: 1, after: 5, unfinished: { fromKey: -7, differences: 0 } } }],
    [
      { from: { slice: 1, after: 5, unfinished: { fromKey: 7 } } },
      { from: { slice: 1, after: 5, unfinished: { fromKey: 7, differences: -1 } } },
    ],
  ],
  ['number of slices', [{ maxSlices: 1 }, { maxSlices: 99 }], [{ maxSlices: 0 }, { maxSlices: 1.5 }]],
  ['wait', [{ settleMs: 0 }, { settleMs: 60_000 }], [{ settleMs: -1 }]],
  [
    'rate',
    [{ repairsPerSecond: 0.1 }, { repairsPerSecond: null }],
    [{ repairsPerSecond: 0 }, { repairsPerSecond: -1 }],
  ],
  ['part', [{ part: 'changes' }], [{ part: 'all' }]],
  ['depth', [{ isDeep: true }], [{ isDeep: 'yes' }]],
])('a request has a usable %s', (_, accepted, refused) => {
  expect(accepted.map(isAccepted)).toEqual(accepted.map(() => true));
  expect(refused.map(isAccepted)).toEqual(refused.map(() => false));
});

test('a comparison with the objects continues with usable counts of what it has found', () => {
  const found = { kind: 'object', subject: 'a.csv', message: 'm' };
  const repaired = { totals: 0, superseded: 0, files: 2 };
  const deepFrom = (changes: object) => ({
    deepFrom: { unrepaired: null, afterFileId: '5', differences: 1, findings: [found], repaired, ...changes },
  });
  expect(
    [{}, { differences: 0 }, { unrepaired: 0 }, { findings: [] }].map((each) => isAccepted(deepFrom(each))),
  ).toEqual(Array(4).fill(true));
  const unusable = [
    { differences: -1 },
    { repaired: { ...repaired, files: -1 } },
    { findings: [{ ...found, kind: 'total' }] },
    { afterFileId: 5 },
  ];
  expect(unusable.map((each) => isAccepted(deepFrom(each)))).toEqual(Array(4).fill(false));
});

test('the schedule verifies one slice at a gentle pace, repairs nothing and reads no object', () => {
  expect(SCHEDULED_CHANGES).toEqual({ ...DEFAULTS, from: null, maxSlices: 1, isRepair: false, pace: 'gentle' });
  expect(SCHEDULED_SALARIES).toEqual({ isRepair: false, isDeep: false, deepFrom: null });
});
