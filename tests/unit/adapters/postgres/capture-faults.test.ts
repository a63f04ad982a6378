import { type CaptureFacts, findCaptureFaults } from '../../../../functions/adapters/postgres/capture-faults.ts';

const column = (name: string, type: string) => ({
  ...{ name, type, baseType: type.replace(/\(.*/, ''), isVirtual: false, number: 1, version: '1' },
});
const trigger = (name: string, functionName: string, type: number) => ({
  ...{ name, table: 'employees', isOnEmployees: true, isOnPartition: false, function: functionName },
  ...{ type, mode: 'A', isConditional: false, oid: 1, version: '1' },
});
const TRIGGERS = [
  trigger('00_capture_statement', 'capture_statement_start', 30),
  trigger('00_capture_change', 'capture_employee_change', 29),
  trigger('00_capture_truncate', 'capture_employees_truncate', 32),
] as const;
const guard = (type: number) => ({ type, mode: 'A', version: '1' });
const COLUMNS = [
  column('emp_id', 'integer'),
  column('first_name', 'character varying(100)'),
  column('last_name', 'character varying(100)'),
  column('dob', 'date'),
  column('city', 'character varying(100)'),
  column('salary', 'integer'),
];

const ofTypes = (types: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(types).map(([name, type], index) => [name, { type, number: index + 1 }]));

const SOUND = {
  table: { oid: 1, kind: 'r', persistence: 'p', file: 1, hidesRows: false },
  columns: COLUMNS,
  triggers: TRIGGERS,
  partitions: null,
  functions: Array.from({ length: 12 }, (_, index) => ({
    ...{ name: `f${index}`, checksum: 'c', version: '1', owner: 'o', comment: 'employee-streams c 1' },
  })),
  changes: { oid: 2, kind: 'r', persistence: 'p', hidesRows: false, refusals: [], guards: [32, 8].map(guard) },
  changeColumns: ofTypes({
    ...{ cdc_id: 'bigint', emp_id: 'integer', first_name: 'character varying', last_name: 'character varying' },
    ...{ dob: 'date', city: 'character varying', salary: 'integer', action: 'text', txid: 'xid8' },
    ...{ changed_at: 'timestamp with time zone', image: 'jsonb' },
  }),
  ids: { oid: 3, file: 1, owner: 'o', isNearEnd: false, increment: 1 },
  mayInsert: true,
  hasGapTable: true,
  gapReason: null,
} satisfies CaptureFacts;

const withColumn = (changed: ReturnType<typeof column>) =>
  COLUMNS.map((found) => (found.name === changed.name ? changed : found));

test('a sound capture has no fault, also with a smaller key or a partitioned table', () => {
  expect(findCaptureFaults(SOUND)).toEqual([]);
  expect(findCaptureFaults({ ...SOUND, table: { ...SOUND.table, kind: 'p' } })).toEqual([]);
  expect(findCaptureFaults({ ...SOUND, columns: withColumn(column('emp_id', 'smallint')) })).toEqual([]);
});

test.each<[string, Partial<CaptureFacts>, RegExp]>([
  ['no table', { table: null, triggers: [] }, /^expected the table public\.employees, found none; create it, then/],
  [
    'a table that was moved',
    { table: null, triggers: [{ ...TRIGGERS[1], table: 'x.employees', isOnEmployees: false }] },
    /rename or move table x\.employees back/,
  ],
  ['a view', { table: { ...SOUND.table, kind: 'v' } }, /found a view or another kind of relation/],
  ['an unlogged table', { table: { ...SOUND.table, persistence: 'u' } }, /alter table public\.employees set logged/],
  [
    'hidden rows',
    { table: { ...SOUND.table, hidesRows: true } },
    /row-level security hides some; give the role `bypassrls`/,
  ],
  [
    'a column that is missing',
    { columns: COLUMNS.slice(1) },
    /^expected column emp_id of public\.employees with type integer, found none/,
  ],
  [
    'a virtual generated column',
    { columns: withColumn({ ...column('city', 'character varying(100)'), isVirtual: true }) },
    /column city .* found a virtual generated column/,
  ],
  [
    'a key of another type',
    { columns: withColumn(column('emp_id', 'uuid')) },
    /column emp_id .* found uuid; change it back to integer/,
  ],
  [
    'a trigger on another table',
    { triggers: [...TRIGGERS, { ...TRIGGERS[1], table: 'former', isOnEmployees: false }] },
    /found some on table former/,
  ],
  ['a trigger that is missing', { triggers: TRIGGERS.slice(1) }, /expected trigger 00_capture_statement .* found none/],
  [
    'a trigger twice',
    { triggers: [...TRIGGERS, { ...TRIGGERS[1], name: 'again' }] },
    /00_capture_change .* found 2 of them/,
  ],
  [
    'a trigger of another event',
    { triggers: [TRIGGERS[0], { ...TRIGGERS[1], type: 5 }, TRIGGERS[2]] },
    /found trigger 00_capture_change with another definition/,
  ],
  [
    'a trigger with a condition',
    { triggers: [TRIGGERS[0], { ...TRIGGERS[1], isConditional: true }, TRIGGERS[2]] },
    /with another definition/,
  ],
  [
    'a trigger in mode O',
    { triggers: [TRIGGERS[0], { ...TRIGGERS[1], mode: 'O' }, TRIGGERS[2]] },
    /mode ALWAYS, found it on employees in mode ORIGIN/,
  ],
  [
    'a disabled trigger of a partition',
    { triggers: [...TRIGGERS, { ...TRIGGERS[1], table: 'part', isOnPartition: true, mode: 'D' }] },
    /found it on part in mode DISABLED/,
  ],
  [
    'a replaced function',
    { functions: SOUND.functions.map((found) => ({ ...found, checksum: 'd' })) },
    /found other definitions of f0, f1/,
  ],
  ['a missing function', { functions: SOUND.functions.slice(1) }, /found 11 of 12; invoke the function provision/],
  ['no emp_cdc', { changes: null }, /expected the table public\.emp_cdc, found none; invoke/],
  [
    'another column of emp_cdc',
    { changeColumns: { ...SOUND.changeColumns, salary: { type: 'smallint', number: 7 } } },
    /column salary of public\.emp_cdc with type integer, found smallint/,
  ],
  [
    'a constraint of emp_cdc',
    { changes: { ...SOUND.changes, refusals: ['constraint c'] } },
    /found constraint c; drop it/,
  ],
  [
    'no trigger that notes a truncate',
    { changes: { ...SOUND.changes, guards: [guard(8)] } },
    /expected trigger 00_note_truncate, 00_note_delete on public\.emp_cdc in mode ALWAYS/,
  ],
  [
    'a disabled trigger that notes deletions',
    { changes: { ...SOUND.changes, guards: [guard(32), { ...guard(8), mode: 'D' }] } },
    /found one missing or in another mode; invoke the function provision/,
  ],
  [
    'an unlogged emp_cdc',
    { changes: { ...SOUND.changes, persistence: 'u' } },
    /alter table public\.emp_cdc set logged/,
  ],
  [
    'hidden changes',
    { changes: { ...SOUND.changes, hidesRows: true } },
    /alter table public\.emp_cdc disable row level security/,
  ],
  ['no sequence', { ids: null }, /expected the sequence public\.emp_cdc_cdc_id_seq, found none/],
  [
    'a sequence near its end',
    { ids: { ...SOUND.ids, isNearEnd: true } },
    /alter sequence public\.emp_cdc_cdc_id_seq increment 1 no maxvalue/,
  ],
  ['a sequence that counts down', { ids: { ...SOUND.ids, increment: -1 } }, /increment 1 no maxvalue/],
  ['a revoked privilege', { mayInsert: false }, /found them revoked; grant them/],
  ['no cdc_gap', { hasGapTable: false }, /expected the table public\.cdc_gap, found none/],
])('%s is a fault that loses changes', (_, facts, message) => {
  expect(findCaptureFaults({ ...SOUND, ...facts })).toEqual([
    { message: expect.stringMatching(message), losesChanges: true },
  ]);
});

test('a wider column is a fault that loses no changes', () => {
  expect(findCaptureFaults({ ...SOUND, columns: withColumn(column('city', 'text')) })).toEqual([
    {
      message:
        'expected column city of public.employees with type character varying(100), found text; values that character varying(100) ' +
        'cannot hold become dead letters. Change it back: `alter table public.employees alter column city type character varying(100)`',
      losesChanges: false,
    },
  ]);
});

test('triggers that are wrong in the same way are one fault', () => {
  expect(findCaptureFaults({ ...SOUND, triggers: TRIGGERS.map((found) => ({ ...found, mode: 'D' })) })).toEqual([
    {
      message:
        'expected trigger 00_capture_statement, 00_capture_change, 00_capture_truncate on public.employees in mode ALWAYS, ' +
        'found it on employees in mode DISABLED; invoke the function provision (locally: `npm run provision`), and a new ' +
        'snapshot begins by itself',
      losesChanges: true,
    },
  ]);
});
