import { InputError } from '../../../functions/core/errors.ts';
import { PatientLedger } from '../../../functions/transform-csv/patient-ledger.ts';
import { arrivalOf, FakeLedger } from '../../support/transform-fakes.ts';

const CALLS = ['register', 'takeOver', 'reportProgress', 'finish', 'reject', 'supersede'] as const;
const away = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

function patientLedger(failures: number, error: () => Error = away) {
  const ledger = new FakeLedger();
  const asked: string[] = [];
  const waitsMs: number[] = [];
  const warnings: string[] = [];
  const answers = new Map<string, () => Promise<unknown>>();
  for (const call of CALLS) {
    const answer = (ledger[call] as (...values: unknown[]) => Promise<unknown>).bind(ledger);
    Object.assign(ledger, {
      [call]: async (...values: unknown[]) => {
        asked.push(call);
        if (asked.length <= failures) throw error();
        return answer(...values);
      },
    });
  }
  const patient = new PatientLedger(
    ledger,
    { info: () => {}, warn: (message, { call }) => warnings.push(`${call}: ${message}`) },
    async (ms) => {
      waitsMs.push(ms);
    },
  );
  const file = arrivalOf(Buffer.from('x'));
  const counts = { read: 0, filteredOut: 0, rejected: 0, sent: 0 };
  const latest = async () => true;
  answers.set('register', () => patient.register(file, latest));
  answers.set('takeOver', () => patient.takeOver(file, latest));
  answers.set('reportProgress', () => patient.reportProgress(file, counts));
  answers.set('finish', () => patient.finish(file, counts));
  answers.set('reject', () => patient.reject(file));
  answers.set('supersede', () => patient.supersede(file));
  const ask = async (call: (typeof CALLS)[number]) => answers.get(call)?.();
  return { ask, asked, waitsMs, warnings, register: () => FakeLedger.prototype.register.call(ledger, file, latest) };
}

describe('PatientLedger', () => {
  it.each(CALLS)('asks %s again while the database is away for a moment', async (call) => {
    const rig = patientLedger(3);
    await rig.register();
    await rig.ask(call);
    expect(rig.asked).toEqual([call, call, call, call]);
    expect(rig.warnings).toHaveLength(3);
    expect(rig.warnings[0]).toContain(call);
  });

  it('passes the answer on', async () => {
    expect(await patientLedger(2).ask('register')).toBe('loading');
  });

  it('gives up after half a minute, so that the event source tries again', async () => {
    const rig = patientLedger(Number.POSITIVE_INFINITY);
    await expect(rig.ask('register')).rejects.toThrow('ECONNREFUSED');
    const waitedMs = rig.waitsMs.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThan(25_000);
    expect(waitedMs).toBeLessThan(40_000);
  });

  it('does not ask again what can never succeed', async () => {
    const rig = patientLedger(1, () => new InputError('PIPE_FILE_HEADER', 'no header'));
    await expect(rig.ask('register')).rejects.toThrow('no header');
    expect(rig.asked).toHaveLength(1);
  });
});
