export function findMissing(version: string, root: string): string | undefined;
