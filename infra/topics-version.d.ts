export function topicsVersion(): string;
