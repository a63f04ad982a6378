import { ConfigError, PipelineError } from '../../../functions/core/errors.ts';
import { provisionInTime } from '../../../functions/provision/provision-in-time.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const INVOCATION_MS = 900_000;
const SETTLING = Object.assign(new Error('getaddrinfo ENOTFOUND source.rds'), { code: 'ENOTFOUND' });

let clock: FakeClock;
let attempts: number;
beforeEach(() => {
  clock = new FakeClock();
  attempts = 0;
});

/** `outcome` is what the promise of the call became, once it is settled. */
function run(provision: () => Promise<string>) {
  const logger = new RecordingLogger();
  const deadline = { remainingMs: () => INVOCATION_MS - clock.monotonicMs() };
  const counted = async () => {
    attempts += 1;
    return provision();
  };
  const call: { outcome?: string } = {};
  provisionInTime(counted, { clock, deadline, logger }).then(
    (report) => (call.outcome = report),
    (error: Error) => (call.outcome = error.message),
  );
  return call;
}

it('is repeated while names and roles settle, for minutes', async () => {
  const call = run(async () => {
    if (clock.monotonicMs() < 200_000) throw SETTLING;
    return 'provisioned';
  });
  await clock.advance(199_000);
  expect(call.outcome).toBeUndefined();
  await clock.advance(10_000);
  expect(call.outcome).toBe('provisioned');
});

it('is repeated also after an attempt that migrated for longer than that and failed', async () => {
  const call = run(async () => {
    if (attempts > 1) return 'provisioned';
    await clock.sleep(300_000);
    throw SETTLING;
  });
  await clock.advance(310_000);
  expect(call.outcome).toBe('provisioned');
});

it('ends with the reason after four minutes without success', async () => {
  const call = run(() => Promise.reject(SETTLING));
  await clock.advance(236_000);
  expect(call.outcome).toBeUndefined();
  await clock.advance(10_000);
  expect([call.outcome, attempts]).toEqual([SETTLING.message, 49]);
});

it.each([
  ['a setting is wrong', new ConfigError('SOURCE_DATABASE_URL is missing')],
  ['an applied migration was edited', new PipelineError('PIPE_MIGRATION_CHANGED', 'changed', { retry: 'manual' })],
  ['a migration does not fit the database', Object.assign(new Error('column "a" does not exist'), { code: '42703' })],
])('is not repeated when %s', async (_, error) => {
  const call = run(() => Promise.reject(error));
  await clock.advance(0);
  expect([call.outcome, attempts]).toEqual([error.message, 1]);
});

it.each([
  ['a sign-in that IAM does not know yet', { code: '28000' }],
  ['a token that is refused', { code: '28P01' }],
  ['a server that does not accept connections yet', { code: '57P03' }],
])('is repeated for %s', async (_, fields) => {
  const call = run(async () => {
    if (attempts < 3) throw Object.assign(new Error('not yet'), fields);
    return 'provisioned';
  });
  await clock.advance(60_000);
  expect(call.outcome).toBe('provisioned');
});

it('ends shortly before the invocation, when a server does not answer', async () => {
  const call = run(() => new Promise<never>(() => {}));
  await clock.advance(879_000);
  expect(call.outcome).toBeUndefined();
  await clock.advance(2_000);
  expect(call.outcome).toBe('expected provisioning to end within 880 s, found that it takes longer');
});

it('then says why the last attempt failed', async () => {
  const call = run(() => (attempts === 1 ? Promise.reject(SETTLING) : new Promise<never>(() => {})));
  await clock.advance(881_000);
  expect(call.outcome).toBe(
    'expected provisioning to end within 880 s, the last attempt failed: getaddrinfo ENOTFOUND source.rds',
  );
});
