import { runSteadyLoad } from '../cdc/steady-load.ts';
import { say } from '../benchmark.ts';
import { percentile, round } from '../statistics.ts';
import { openPages } from './page-viewers.ts';
import type { OperatorsSection } from './section.ts';
import { startVerifier, VERIFY_ALL, VERIFY_SCHEDULED, verifyWhile } from './verifier.ts';
import { alternate, LOAD_RATE, NOTHING_BESIDE, warmUp, withDatabases } from './with-load.ts';

const PAGES = 10;
const RUN_SECONDS = 20;

/** Verifies all employees again and again beside writers. Each difference that it finds is a false alarm. */
export const falseAlarmsSection: OperatorsSection = {
  name: 'false-alarms',
  isOptIn: true,
  measure: (stack, endpoints, { minutes }) =>
    withDatabases(endpoints, async (databases) => {
      await warmUp(databases);
      const verifier = await startVerifier(stack, endpoints);
      try {
        say(`verifying beside ${LOAD_RATE} changes/s for ${minutes} min`);
        const load = runSteadyLoad(databases.source, databases.target, LOAD_RATE, minutes * 60);
        const { count, alarms, unsettled, result } = await verifyWhile(verifier, VERIFY_ALL, load);
        return {
          ...{ falseAlarms: alarms, falseAlarmsUnsettled: unsettled, falseAlarmsVerifications: count },
          falseAlarmsMinutes: minutes,
          falseAlarmsLatencyP99Ms: round(percentile(result.latenciesMs, 0.99), 1),
        };
      } finally {
        await verifier.stop();
      }
    }),
};

/** The latency of changes without verification, beside that of the schedule without a pause, and beside one at full speed. */
export const verifyBesideChangesSection: OperatorsSection = {
  name: 'verify-beside-changes',
  isOptIn: true,
  measure: (stack, endpoints, { minutes }) =>
    withDatabases(endpoints, async (databases) => {
      await warmUp(databases);
      const verifier = await startVerifier(stack, endpoints);
      const verifying = (event: object) => async (runLoad: () => Promise<unknown>) => {
        const { alarms } = await verifyWhile(verifier, event, runLoad());
        if (alarms > 0) throw new Error(`expected equal employees, found ${alarms} differences`);
      };
      try {
        const p99 = await alternate(databases, runsOf(minutes, 3), {
          alone: NOTHING_BESIDE,
          scheduled: verifying(VERIFY_SCHEDULED),
          full: verifying(VERIFY_ALL),
        });
        return {
          latencyP99MsAlone: p99.alone,
          latencyP99MsBesideSchedule: p99.scheduled,
          latencyP99MsBesideVerify: p99.full,
          verifyLatencyRatio: round(p99.scheduled / p99.alone, 2),
        };
      } finally {
        await verifier.stop();
      }
    }),
};

/** The latency of changes without a viewer of the page, and with ten. */
export const openPagesSection: OperatorsSection = {
  name: 'open-pages',
  isOptIn: true,
  measure: (_stack, endpoints, { minutes }) =>
    withDatabases(endpoints, async (databases) => {
      await warmUp(databases);
      const p99 = await alternate(databases, runsOf(minutes, 2), {
        alone: NOTHING_BESIDE,
        pages: async (runLoad) => {
          const pages = await openPages(endpoints.dashboardUrl ?? '', PAGES);
          await runLoad().finally(() => pages.stop());
        },
      });
      return {
        latencyP99MsWithoutPages: p99.alone,
        latencyP99MsWithPages: p99.pages,
        openPagesLatencyRatio: round(p99.pages / p99.alone, 2),
      };
    }),
};

/** As many rounds of runs as the time allows, and at least one. */
function runsOf(minutes: number, runsOfRound: number): { readonly rounds: number; readonly seconds: number } {
  return { rounds: Math.max(1, Math.round((minutes * 60) / (RUN_SECONDS * runsOfRound))), seconds: RUN_SECONDS };
}
