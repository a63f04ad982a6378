import { handler } from '../../functions/dashboard/handler.ts';
import event from '../fixtures/events/http-api-get-page.json' with { type: 'json' };
import { AppRig } from '../support/dashboard/app-rig.ts';
import '../support/hidden-output.ts';
import { InMemoryDeadLetterLedger } from '../support/in-memory-dead-letter-ledger.ts';
import { lambdaContext } from '../support/lambda-context.ts';

const context = lambdaContext('dashboard');

/** The handler with a state of the pipelines in which all is well. */
async function connectDashboard() {
  const rig = await AppRig.create();
  const operations = {
    stage: 'dev',
    state: { read: async () => rig.state },
    deadLetters: new InMemoryDeadLetterLedger(),
    records: { read: async () => [] },
  };
  return handler.withDependencies(() => ({ app: rig.app(), operations }));
}

it('answers a request of the HTTP API with the page', async () => {
  const dashboard = await connectDashboard();
  expect(await dashboard(event, context)).toMatchObject({
    statusCode: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: expect.stringContaining('<h1>All is well</h1>'),
  });
});

it('refuses a request whose browser was led to another name, because a foreign page may have sent it', async () => {
  const dashboard = await connectDashboard();
  const foreign = { ...event, headers: { ...event.headers, host: 'evil.example' } };
  expect(await dashboard(foreign, context)).toMatchObject({ statusCode: 403 });
});

it("answers an operator's command, which invokes the function directly", async () => {
  const dashboard = await connectDashboard();
  const command = { operation: 'count-dead-letters', filter: { codes: ['noNegativeEmpId'] } };
  expect(await dashboard(command, context)).toEqual([]);
});
