import { handler } from '../../functions/redrive/handler.ts';
import event from '../fixtures/events/redrive-plan.json' with { type: 'json' };
import '../support/hidden-output.ts';
import { InMemoryDeadLetterLedger } from '../support/in-memory-dead-letter-ledger.ts';
import { InMemoryRedriveLedger } from '../support/in-memory-redrive-ledger.ts';
import { lambdaContext } from '../support/lambda-context.ts';

const context = lambdaContext('redrive');

/** The handler with a ledger that has one dead letter, and a redriver that does nothing. */
function connectRedrive() {
  const ledger = new InMemoryRedriveLedger();
  const place = { topic: 'employee-changes.dead-letter', partition: 0, offset: 3 };
  ledger.add({
    ...place,
    dlqId: 'employee-changes/0/18',
    code: 'noNegativeEmpId',
    key: '-5',
    attempts: 1,
    state: 'open',
  });
  const redriver = { run: jest.fn(async () => 'published' as const), resume: async () => 'idle' as const };
  const deadLetters = new InMemoryDeadLetterLedger();
  return { ledger, redriver, redrive: handler.withDependencies(() => ({ ledger, redriver, deadLetters })) };
}

it('claims the dead letters that a plan selects, and then runs it', async () => {
  const { ledger, redriver, redrive } = connectRedrive();
  expect(await redrive(event, context)).toMatchObject({ redrive: { redriveId: '1', state: 'planned', claimed: 1 } });
  expect(ledger.entries).toMatchObject([{ dlqId: 'employee-changes/0/18', state: 'claimed' }]);
  expect(await redrive({ action: 'run', redriveId: '1' }, context)).toEqual({ outcome: 'published' });
  expect(redriver.run).toHaveBeenCalledWith('1', context.awsRequestId, expect.anything());
});

it('answers a plan with the reason when no dead letter has the code, and claims nothing', async () => {
  const { ledger, redrive } = connectRedrive();
  const misspelt = { ...event, filter: { codes: ['noNegativEmpId'] } };
  const reason = expect.stringContaining('similar codes: noNegativeEmpId');
  expect(await redrive(misspelt, context)).toMatchObject({ refusal: { code: 'PIPE_REDRIVE_CODE', reason } });
  expect(ledger.entries).toMatchObject([{ state: 'open' }]);
});

it('fails on an event that it does not know, and names the field', async () => {
  const { redrive } = connectRedrive();
  await expect(redrive({ action: 'destroy' }, context)).rejects.toThrow(/event of redrive.*action/s);
});
