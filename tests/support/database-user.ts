/** The role by which a function signs in to its databases. */
export function databaseUserOf(functionName: string): string {
  return `employee_streams_${functionName.replaceAll('-', '_')}`;
}
