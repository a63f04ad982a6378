export function sqlVersion(): string;
export function hashSqlFiles(directory: string): string;
