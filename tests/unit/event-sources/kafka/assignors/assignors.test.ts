import type { Assignor } from '../../../../../localstack/event-sources/kafka/assignors/group-member.ts';
import { assignRanges } from '../../../../../localstack/event-sources/kafka/assignors/range.ts';
import { assignRoundRobin } from '../../../../../localstack/event-sources/kafka/assignors/round-robin.ts';
import { assignCooperatively, assignSticky } from '../../../../../localstack/event-sources/kafka/assignors/sticky.ts';
import { assignAgain, member, owned, shares, topics } from './group.ts';

/** What the assignors of Java's kafka-clients 4.3.1 return for the same members and topics. */
describe('As in Java', () => {
  test.each([
    ['two members', ['C0', 'C1'], { t0: 3, t1: 3 }, { C0: 't0-0 t0-1 t1-0 t1-1', C1: 't0-2 t1-2' }],
    ['seven partitions', ['C0', 'C1', 'C2'], { t: 7 }, { C0: 't-0 t-1 t-2', C1: 't-3 t-4', C2: 't-5 t-6' }],
    ['fewer partitions than members', ['b', 'a', 'c'], { t: 2 }, { a: 't-0', b: 't-1', c: '' }],
    ['ids by code unit', ['a', 'B', 'a-1', 'Z'], { t: 4 }, { B: 't-0', Z: 't-1', a: 't-2', 'a-1': 't-3' }],
  ])('[known] range: %s', (_name, ids, counts, expected) => {
    const names = Object.keys(counts).join(' ');
    expect(
      shares(
        assignRanges(
          ids.map((id) => member(id, names)),
          topics(counts),
        ),
      ),
    ).toEqual(expected);
  });

  test('[known] range: a topic is divided among its subscribers only', () => {
    const members = [member('C0', 't0'), member('C1', 't0 t1'), member('C2', 't1')];
    expect(shares(assignRanges(members, topics({ t0: 3, t1: 3 })))).toEqual({
      C0: 't0-0 t0-1',
      C1: 't0-2 t1-0 t1-1',
      C2: 't1-2',
    });
  });

  test('[known] static members come first, by their instance id', () => {
    const members = [
      member('a', 't'),
      member('c', 't', { instanceId: 'i2' }),
      member('d', 't', { instanceId: 'i1' }),
      member('b', 't'),
    ];
    const expected = { d: 't-0', c: 't-1', a: 't-2', b: 't-3' };
    expect(shares(assignRanges(members, topics({ t: 4 })))).toEqual(expected);
    expect(shares(assignRoundRobin(members, topics({ t: 4 })))).toEqual(expected);
  });

  test.each([
    ['two members', { C0: 't0 t1', C1: 't0 t1' }, { t0: 3, t1: 3 }, { C0: 't0-0 t0-2 t1-1', C1: 't0-1 t1-0 t1-2' }],
    [
      'different topics',
      { C0: 't0', C1: 't0 t1', C2: 't0 t1 t2' },
      { t0: 1, t1: 2, t2: 3 },
      { C0: 't0-0', C1: 't1-0', C2: 't1-1 t2-0 t2-1 t2-2' },
    ],
    ['topics by name', { a: 't2 t10', b: 't10 t2' }, { t2: 1, t10: 2 }, { a: 't10-0 t2-0', b: 't10-1' }],
  ])('[known] roundrobin: %s', (_name, subscriptions, counts, expected) => {
    const members = Object.entries(subscriptions).map(([id, names]) => member(id, names));
    expect(shares(assignRoundRobin(members, topics(counts)))).toEqual(expected);
  });

  test('[known] sticky: balanced although the topics differ, and partitions stay when a member leaves', () => {
    const counts = topics({ t0: 1, t1: 2, t2: 3 });
    const members = [member('C0', 't0'), member('C1', 't0 t1'), member('C2', 't0 t1 t2')];
    const before = assignSticky(members, counts);
    expect(shares(before)).toEqual({ C0: 't0-0', C1: 't1-0 t1-1', C2: 't2-0 t2-1 t2-2' });
    const after = assignAgain(assignSticky, members.slice(1), before, counts);
    expect(shares(after)).toEqual({ C1: 't0-0 t1-0 t1-1', C2: 't2-0 t2-1 t2-2' });
  });
});

test('[known] sticky: a new member gets its share and no other partition moves', () => {
  const members = [member('new', 't'), member('old', 't', { owned: owned('t-0 t-1 t-2 t-3 t-4'), generation: 3 })];
  expect(shares(assignSticky(members, topics({ t: 5 })))).toEqual({ new: 't-3 t-4', old: 't-0 t-1 t-2' });
});

test('[known] sticky: of two claims that of the later generation counts; of the same generation, none does', () => {
  const claims = (generation: number) => [
    member('a', 't', { owned: owned('t-0 t-1'), generation: 4 }),
    member('b', 't', { owned: owned('t-1 t-2'), generation }),
    member('c', 't', { owned: owned('t-3'), generation: 5 }),
  ];
  expect(shares(assignSticky(claims(5), topics({ t: 4 })))).toEqual({ a: 't-0', b: 't-1 t-2', c: 't-3' });
  expect(shares(assignSticky(claims(3), topics({ t: 4 })))).toEqual({ a: 't-0 t-1', b: 't-2', c: 't-3' });
  expect(shares(assignSticky(claims(4), topics({ t: 4 })))).toEqual({ a: 't-0 t-1', b: 't-2', c: 't-3' });
});

test('[known] sticky: partitions and topics that are gone are no reason to keep fewer of the others', () => {
  const members = [
    member('a', 't', { owned: owned('t-0 t-7 gone-0 gone-1'), generation: 1 }),
    member('b', 't', { owned: owned('t-1'), generation: 1 }),
  ];
  expect(shares(assignSticky(members, topics({ t: 2 })))).toEqual({ a: 't-0', b: 't-1' });
});

describe('cooperative-sticky', () => {
  const six = topics({ t: 6 });

  test('[known] a partition that moves has no owner in the first round, and its new one in the second', () => {
    const members = [member('java', 't', { owned: owned('t-0 t-1 t-2 t-3 t-4 t-5') }), member('mapping', 't')];
    const first = assignCooperatively(members, six);
    expect(shares(first)).toEqual({ java: 't-0 t-1 t-2', mapping: '' });
    // Java revokes what it was not assigned, and joins again.
    const second = assignAgain(assignCooperatively, members, first, six);
    expect(shares(second)).toEqual({ java: 't-0 t-1 t-2', mapping: 't-3 t-4 t-5' });
  });

  test('[known] what a member has revoked before it joined is assigned in the first round', () => {
    const members = [member('java', 't'), member('mapping', 't')];
    expect(shares(assignCooperatively(members, six))).toEqual({ java: 't-0 t-2 t-4', mapping: 't-1 t-3 t-5' });
  });

  test('[known] a partition that two members claim goes to the later one at once, and to a third one not before both revoke it', () => {
    const members = (generation: number) => [
      member('a', 't', { owned: owned('t-0 t-1'), generation: 2 }),
      member('b', 't', { owned: owned('t-1 t-2 t-3'), generation }),
      member('c', 't'),
    ];
    expect(shares(assignCooperatively(members(3), topics({ t: 4 })))['b']).toContain('t-1');
    const { a = '', c = '' } = shares(assignCooperatively(members(2), topics({ t: 4 })));
    expect(`${a} ${c}`).not.toContain('t-1');
  });
});

test.each<[string, Assignor]>([
  ['range', assignRanges],
  ['roundrobin', assignRoundRobin],
  ['sticky', assignSticky],
  ['cooperative-sticky', assignCooperatively],
])('[known] %s: a member without a partition is in the assignment', (_name, assign) => {
  expect(shares(assign([member('a', 't'), member('b', 't')], topics({ t: 1 })))).toEqual({ a: 't-0', b: '' });
});
