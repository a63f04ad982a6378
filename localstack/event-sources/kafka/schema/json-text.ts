/**
 * A value that avsc decoded, as JSON text: all digits of a 64-bit number, bytes as Avro's JSON encoding has them, and the
 * value of a union without the name of its branch.
 */
export function jsonText(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  // JSON has no other way to express NaN and the infinities.
  if (typeof value === 'number' && !Number.isFinite(value)) return `"${value}"`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Buffer.isBuffer(value)) return JSON.stringify(value.toString('latin1'));
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  const { unwrap } = value as { readonly unwrap?: unknown };
  // avsc wraps the value of a union only where its type alone does not tell the branch.
  if (typeof unwrap === 'function') return jsonText(unwrap.call(value));
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`);
  return `{${members.join(',')}}`;
}
