/** How often a property is checked: `usual`, or at most `FC_RUNS`, which the mutation tester sets because it runs each one often. */
export function propertyRuns(usual: number): number {
  return Math.min(usual, Number(process.env['FC_RUNS'] ?? usual));
}
