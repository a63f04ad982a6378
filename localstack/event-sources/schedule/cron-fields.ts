import { InvalidExpressionError } from './invalid-expression.ts';

/** A field of AWS's cron expressions, with the values and wildcards that AWS documents for it. */
interface Field {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  /** Names of the values, from the minimum on. */
  readonly names?: readonly string[];
  /** Whether "?" may take the place of a value. */
  readonly optional?: true;
  /** A value that is not a number or a range, for instance `L`. */
  readonly special?: RegExp;
  /** Whether a range may end below its start, for instance the hours 20-2. */
  readonly cyclic: boolean;
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html */
const fields = [
  { name: 'minutes', minimum: 0, maximum: 59, cyclic: true },
  { name: 'hours', minimum: 0, maximum: 23, cyclic: true },
  { name: 'day of month', minimum: 1, maximum: 31, optional: true, special: /^(L|LW|\d{1,2}W)$/, cyclic: true },
  {
    name: 'month',
    minimum: 1,
    maximum: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
    cyclic: true,
  },
  {
    name: 'day of week',
    minimum: 1,
    maximum: 7,
    names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
    optional: true,
    special: /^(L|\w+L|\w+#\d+)$/,
    cyclic: true,
  },
  { name: 'year', minimum: 1970, maximum: 2199, cyclic: false },
] as const satisfies readonly Field[];

/** The six fields of `cron(...)`, each "*" or a list of values without ranges, steps and names. */
export interface CronFields {
  readonly minutes: string;
  readonly hours: string;
  /** The values may be `L`, `LW` or `15W` too. */
  readonly dayOfMonth: string;
  readonly month: string;
  /** 1 is Sunday. The values may be `6#L`, the last Friday, or `2#1`, the first Monday, too. */
  readonly dayOfWeek: string;
  readonly year: string;
}

/** @throws {InvalidExpressionError} for a field that AWS refuses: which one, what is expected, and what was found. */
export function readCronFields(body: string): CronFields {
  const texts = body.trim().toUpperCase().split(/\s+/);
  if (texts.length !== fields.length) {
    const expected = fields.map(({ name }) => name).join(', ');
    throw new InvalidExpressionError(`expected six fields (${expected}), found ${texts.length}: cron(${body})`);
  }
  const [, , dayOfMonth, , dayOfWeek] = texts;
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    const found = `found ${dayOfMonth} and ${dayOfWeek}`;
    throw new InvalidExpressionError(`expected "?" in either day of month or day of week, ${found}: cron(${body})`);
  }
  const [minutes = '', hours = '', days = '', month = '', weekdays = '', year = ''] = fields.map((field, index) =>
    readCronField(field, texts[index] ?? ''),
  );
  return { minutes, hours, dayOfMonth: days, month, dayOfWeek: weekdays, year };
}

function readCronField(field: Field, text: string): string {
  if (text === '*' || (text === '?' && field.optional)) return '*';
  const items = text.split(',');
  if (items.length > 1 && text.includes('#')) {
    failField(field, 'only one expression where "#" is used', text);
  }
  if (items.length > 1 && items.includes('LW')) failField(field, 'LW without other values', text);
  const values = items.flatMap((item): (string | number)[] =>
    field.special?.test(item) ? [specialValue(field, item)] : range(field, item),
  );
  return [...new Set(values)].join(',');
}

function specialValue(field: Field, item: string): string {
  if (item === 'L' && field.name === 'day of week') return String(field.maximum);
  if (item === 'L' || item === 'LW') return item;
  if (item.endsWith('W')) return `${value(field, item.slice(0, -1))}W`;
  if (item.endsWith('L')) return `${value(field, item.slice(0, -1))}#L`;
  const [weekday = '', instance = ''] = item.split('#');
  if (!/^[1-5]$/.test(instance)) failField(field, '1 to 5 after "#"', item);
  return `${value(field, weekday)}#${instance}`;
}

/** The values of `5`, `1-5`, `0/15`, `10-50/5` or the wildcard with a step. */
function range(field: Field, item: string): number[] {
  const [, from = '', to, stepText] =
    /^(\*|\w*)(?:-(\w+))?(?:\/(\w+))?$/.exec(item) ?? failField(field, undefined, item);
  const step = stepText === undefined ? 1 : Number(stepText);
  if (!Number.isInteger(step) || step < 1 || (from === '' && stepText === undefined)) failField(field, undefined, item);
  const isWhole = from === '*' || from === '';
  if (isWhole && to !== undefined) failField(field, undefined, item);
  const first = isWhole ? field.minimum : value(field, from);
  const last = to === undefined ? (stepText === undefined ? first : field.maximum) : value(field, to);
  const size = field.maximum - field.minimum + 1;
  if (last < first && !field.cyclic) failField(field, 'a range that ends at or after its start', item);
  const count = last < first ? last + size - first : last - first;
  return Array.from({ length: Math.floor(count / step) + 1 }, (_, index) => {
    const offset = first - field.minimum + index * step;
    return field.minimum + (offset % size);
  });
}

function value(field: Field, text: string): number {
  const named = field.names?.indexOf(text) ?? -1;
  const number = named >= 0 ? field.minimum + named : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= field.minimum && number <= field.maximum ? number : failField(field, undefined, text);
}

function failField(field: Field, expected: string | undefined, found: string): never {
  const { minimum, maximum, names } = field;
  const values = `${minimum}-${maximum}${names === undefined ? '' : ` or ${names[0]}-${names.at(-1)}`}`;
  throw new InvalidExpressionError(
    `${field.name}: expected ${expected ?? values}, found ${found === '' ? 'nothing' : found}`,
  );
}
