/** What a `pg_snapshot` holds: transactions from `xmax` on, and those open, are invisible. */
export interface TransactionSnapshot {
  readonly xmax: number;
  readonly open: ReadonlySet<number>;
}

/** As PostgreSQL writes it: `xmin:xmax:open,open`. */
export function encodeSnapshot({ xmax, open }: TransactionSnapshot): string {
  return `${Math.min(xmax, ...open)}:${xmax}:${[...open].join(',')}`;
}

export function decodeSnapshot(text: string): TransactionSnapshot {
  const [, xmax, open] = text.split(':');
  return { xmax: Number(xmax), open: new Set(open ? open.split(',').map(Number) : []) };
}

export function isVisible({ xmax, open }: TransactionSnapshot, txid: number): boolean {
  return txid < xmax && !open.has(txid);
}
