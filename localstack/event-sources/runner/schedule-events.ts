import type { Serverless } from '../template/from-serverless/serverless.ts';

/**
 * Removes the `schedule` events from the service in memory, so that serverless-offline does not fire them too: it reads
 * cron weekdays off by one and in local time, and aligns rates to the clock. To be called once the template is compiled.
 */
export function removeScheduleEvents(serverless: Serverless): void {
  for (const key of serverless.service.getAllFunctions()) {
    const definition = serverless.service.getFunction(key);
    definition.events = (definition.events ?? []).filter((event) => event['schedule'] === undefined);
  }
}
