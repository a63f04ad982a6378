import { ChangeApplier } from '../../functions/apply-changes/change-applier.ts';
import { handler } from '../../functions/apply-changes/handler.ts';
import { TombstoneCleaner } from '../../functions/apply-changes/tombstone-cleaner.ts';
import { parseChangeRules } from '../../functions/core/change-rules.ts';
import { createTickRecorder } from '../../functions/runtime/tick-recorder.ts';
import event from '../fixtures/events/msk-employee-changes.json' with { type: 'json' };
import { InMemoryEmployeeReplica } from '../support/cdc/in-memory-employee-replica.ts';
import '../support/hidden-output.ts';
import { InMemoryDeadLetterQueue } from '../support/in-memory-dead-letter-queue.ts';
import { lambdaContext } from '../support/lambda-context.ts';
import { SleeplessClock } from '../support/sleepless-clock.ts';

const context = lambdaContext('apply-changes');

/** The handler with database B and the dead-letter topic in memory, and with the rules that a test wants. */
function connectApplyChanges(rules: string) {
  const replica = new InMemoryEmployeeReplica();
  const deadLetters = new InMemoryDeadLetterQueue();
  const applyChanges = handler.withDependencies((telemetry) => ({
    ...telemetry,
    applier: new ChangeApplier(replica, deadLetters, parseChangeRules(rules), createTickRecorder('apply-changes')),
    tombstoneCleaner: new TombstoneCleaner(replica, new SleeplessClock()),
  }));
  return { replica, deadLetters: deadLetters.deadLetters, applyChanges };
}

it('applies the changes of an event, and makes a dead letter of each one that violates a rule or is unreadable', async () => {
  const { replica, deadLetters, applyChanges } = connectApplyChanges('noNegativeEmpId');
  await applyChanges(event, context);
  expect(replica.employees).toMatchObject([{ empId: 7, salary: 60_000 }]);
  expect(deadLetters).toMatchObject([
    { code: 'PIPE_CHANGE_UNREADABLE', origin: { topic: 'employee-changes', partition: 0, offset: '16' } },
    { code: 'noNegativeEmpId', origin: { topic: 'employee-changes', partition: 0, offset: '18' } },
    { code: 'PIPE_CHANGE_UNREADABLE', origin: { topic: 'employee-changes', partition: 1, offset: '7' }, payload: null },
  ]);
});

it('fails while B is unreachable, makes no dead letter, and applies the event when Lambda delivers it again', async () => {
  const { replica, deadLetters, applyChanges } = connectApplyChanges('');
  const unreachable = Object.assign(new Error('unreachable'), { code: 'ECONNREFUSED' });
  jest.spyOn(replica, 'transaction').mockRejectedValueOnce(unreachable);
  await expect(applyChanges(event, context)).rejects.toThrow('unreachable');
  expect(deadLetters).toEqual([]);
  await applyChanges(event, context);
  expect(replica.employees).toMatchObject([{ empId: -5 }, { empId: 7, salary: 60_000 }]);
});
