export function sqlVersion(): string;
