import { decodeTyped, encodeTyped } from '../../../functions/core/typed-json.ts';
import { answerOperation, isOperation, type OperationDependencies } from '../../../functions/dashboard/operations.ts';
import type { DashboardState, StageStatus } from '../../../functions/ports/dashboard-state.ts';
import { changeEntry } from '../../contract/dead-letter-ledger.ts';
import { exampleState, failing } from '../../support/dashboard/example-state.ts';
import { InMemoryDeadLetterLedger } from '../../support/in-memory-dead-letter-ledger.ts';

const NOW = new Date('2026-11-26T08:00:00Z');

function rig(states: readonly DashboardState[] = [exampleState(NOW)]) {
  const ledger = new InMemoryDeadLetterLedger();
  const left = [...states];
  const dependencies: OperationDependencies = {
    ...{ stage: 'prod', deadLetters: ledger, records: { read: async () => [] } },
    state: { read: async () => (left.length > 1 ? left.shift() : left[0]) as DashboardState },
  };
  const ask = async (event: object) => decodeTyped(await answerOperation(dependencies, encodeTyped(event)));
  return { ledger, ask, left };
}

it('an event of the HTTP API is no operation', () => {
  expect([{ version: '2.0', rawPath: '/' }, null, 'status'].map(isOperation)).toEqual([false, false, false]);
  expect(isOperation({ operation: 'status' })).toBe(true);
});

it('refuses an unknown operation and names the field', async () => {
  await expect(rig().ask({ operation: 'drop' })).rejects.toThrow('expected an operation of dashboard');
  await expect(rig().ask({ operation: 'list-dead-letters', filter: { nam: 1 }, limit: 5 })).rejects.toThrow('nam');
});

describe('the status', () => {
  it('has what the page shows, and the observation for the verdict', async () => {
    const { state, observation } = (await rig().ask({ operation: 'status' })) as StageStatus;
    expect(state).toEqual(exampleState(NOW));
    expect(observation).toMatchObject({ at: NOW, backlog: 12, unreachable: [] });
    expect(observation.groups?.[0]?.partitions[2]?.lag).toBe(7n);
  });

  it('waits until each part has a recent value, or a reason why it has none', async () => {
    const state = exampleState(NOW);
    const { readings } = state;
    const unread = { ...state, readings: { ...readings, salaries: { value: null, at: null, failure: null } } };
    const old = { ...readings.backlog, at: new Date(NOW.getTime() - 60_000) };
    const failed = { ...state, readings: { ...readings, groups: failing(readings.groups, NOW, false) } };
    const { ask, left } = rig([unread, { ...state, readings: { ...readings, backlog: old } }, failed, unread]);
    const { observation } = (await ask({ operation: 'status' })) as StageStatus;
    expect(observation.unreachable.map(({ name }) => name)).toEqual(['Kafka']);
    expect(left).toHaveLength(1);
  });

  it('answers also when a part never gets a value', async () => {
    const state = exampleState(NOW);
    const poller = { value: null, at: null, failure: null };
    const answer = await rig([{ ...state, readings: { ...state.readings, poller } }]).ask({ operation: 'status' });
    expect((answer as StageStatus).observation.poller).toBeNull();
  });
});

describe('dead letters', () => {
  it('are listed, counted and found with their times', async () => {
    const { ledger, ask } = rig();
    await ledger.index([changeEntry(1), changeEntry(2, 5)]);
    const [latest] = (await ask({
      operation: 'list-dead-letters',
      filter: { states: ['open'] },
      limit: 1,
    })) as object[];
    expect(latest).toEqual(await ledger.find(changeEntry(2).id));
    const filter = { since: changeEntry(2, 5).lastAt };
    expect(await ask({ operation: 'count-dead-letters', filter })).toEqual(await ledger.count(filter));
    expect(await ask({ operation: 'find-dead-letter', id: 'unknown' })).toBeNull();
  });

  it('have no payload when Kafka no longer has their record', async () => {
    const { ledger, ask } = rig();
    await ledger.index([changeEntry(1)]);
    expect(await ask({ operation: 'read-dead-letter', id: changeEntry(1).id })).toBeNull();
    expect(await ask({ operation: 'read-dead-letter', id: 'unknown' })).toBeNull();
  });
});
