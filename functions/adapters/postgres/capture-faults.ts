import type { CaptureFault } from '../../core/capture-state.ts';
import { CAPTURE_FUNCTION_COUNT, type CaptureFunction, isVouchedFor } from './postgres-capture-installer.ts';

/** What `capture-inspection.ts` reads. A part is `null` when the object does not exist. */
export interface CaptureFacts {
  readonly table: {
    readonly oid: number;
    readonly kind: string;
    readonly persistence: string;
    readonly file: number;
    readonly hidesRows: boolean;
  } | null;
  readonly columns: readonly CapturedColumn[] | null;
  readonly triggers: readonly CaptureTrigger[] | null;
  /** The identifiers and files of the partitions of employees. */
  readonly partitions: readonly (readonly number[])[] | null;
  readonly functions: readonly CaptureFunction[] | null;
  readonly changes: {
    readonly oid: number;
    readonly kind: string;
    readonly persistence: string;
    readonly hidesRows: boolean;
    /** What may refuse a row or change it. An error of other triggers is noted as a gap, so they lose nothing in silence. */
    readonly refusals: readonly string[];
    /** The triggers that note deletions. */
    readonly guards: readonly { readonly type: number; readonly mode: string; readonly version: string }[] | null;
  } | null;
  readonly changeColumns: Readonly<Record<string, { readonly type: string; readonly number: number }>> | null;
  readonly ids: {
    readonly oid: number;
    readonly file: number;
    readonly owner: string;
    readonly isNearEnd: boolean;
    readonly increment: number;
  } | null;
  /** Whether the owners of the functions may insert. */
  readonly mayInsert: boolean | null;
  readonly hasGapTable: boolean;
  readonly gapReason: string | null;
}

interface CapturedColumn {
  readonly name: string;
  readonly type: string;
  readonly baseType: string;
  readonly isVirtual: boolean;
  readonly number: number;
  readonly version: string;
}

interface CaptureTrigger {
  readonly name: string;
  readonly table: string;
  readonly isOnEmployees: boolean;
  readonly isOnPartition: boolean;
  readonly function: string;
  readonly type: number;
  /** `A` for ALWAYS. */
  readonly mode: string;
  readonly isConditional: boolean;
  readonly oid: number;
  readonly version: string;
}

/** The columns of employees with the types of the replica, which can hold every value of these. */
const COLUMN_TYPES = {
  emp_id: 'integer',
  first_name: 'character varying(100)',
  last_name: 'character varying(100)',
  dob: 'date',
  city: 'character varying(100)',
  salary: 'integer',
} as const;

/** The types by which a snapshot can be read in the order of the keys. */
const KEY_TYPES = ['smallint', 'integer', 'bigint'];

/** The triggers and their `tgtype`: a row trigger after insert, update and delete, and so on. */
const TRIGGERS = [
  { name: '00_capture_statement', function: 'capture_statement_start', type: 30 },
  { name: '00_capture_change', function: 'capture_employee_change', type: 29 },
  { name: '00_capture_truncate', function: 'capture_employees_truncate', type: 32 },
] as const;

/** The `tgtype` of the triggers of emp_cdc that note deletions: after truncate, and after delete. */
const GUARD_TYPES = [32, 8];

const CHANGE_COLUMNS = {
  cdc_id: 'bigint',
  emp_id: 'integer',
  first_name: 'character varying',
  last_name: 'character varying',
  dob: 'date',
  city: 'character varying',
  salary: 'integer',
  action: 'text',
  txid: 'xid8',
  changed_at: 'timestamp with time zone',
  image: 'jsonb',
} as const;

/** For what `provision` mends. */
const PROVISION = 'invoke the function provision (locally: `npm run provision`), and a new snapshot begins by itself';

/** What keeps changes from being captured or snapshots from being read, each with its remedy. */
export function findCaptureFaults(facts: CaptureFacts): CaptureFault[] {
  return [
    ...tableFaults(facts),
    ...columnFaults(facts),
    ...triggerFaults(facts),
    ...functionFaults(facts),
    ...changeTableFaults(facts),
  ];
}

function tableFaults({ table, triggers }: CaptureFacts): CaptureFault[] {
  if (table === null) {
    const moved = triggers?.find(({ isOnPartition }) => !isOnPartition)?.table;
    const hint = moved === undefined ? 'create it' : `rename or move table ${moved} back`;
    return [lossy(`expected the table public.employees, found none; ${hint}, then ${PROVISION}`)];
  }
  const faults: CaptureFault[] = [];
  if (!['r', 'p'].includes(table.kind)) {
    faults.push(
      lossy(
        `expected public.employees to be a table, found a view or another kind of relation; name the table so, then ${PROVISION}`,
      ),
    );
  }
  if (table.persistence !== 'p') {
    faults.push(
      lossy(
        'expected public.employees to be a permanent table, found an unlogged one, which a crash empties; run `alter table public.employees set logged`',
      ),
    );
  }
  if (table.hidesRows) {
    faults.push(
      lossy(
        'expected the role of poll-changes to see all rows of public.employees, but row-level security hides some; give the role `bypassrls`',
      ),
    );
  }
  return faults;
}

function columnFaults({ table, columns }: CaptureFacts): CaptureFault[] {
  if (table === null) return [];
  return Object.entries(COLUMN_TYPES).flatMap(([name, type]): CaptureFault[] => {
    const found = columns?.find((column) => column.name === name);
    const expected = `expected column ${name} of public.employees with type ${type}`;
    if (found === undefined) {
      return [
        lossy(
          `${expected}, found none; rename it back or add it (\`alter table public.employees add column ${name} ${type}\`). ` +
            'Until then each change becomes a dead letter; a new snapshot begins by itself afterwards',
        ),
      ];
    }
    if (found.isVirtual) {
      return [
        lossy(`${expected}, found a virtual generated column, whose value triggers do not see; make it a stored one`),
      ];
    }
    if (name === 'emp_id' && !KEY_TYPES.includes(found.baseType)) {
      return [
        lossy(
          `${expected}, found ${found.type}; change it back to ${type}. Until then each change becomes a dead letter`,
        ),
      ];
    }
    if (found.type === type || (name === 'emp_id' && found.type === 'smallint')) return [];
    return [
      {
        message:
          `${expected}, found ${found.type}; values that ${type} cannot hold become dead letters. ` +
          `Change it back: \`alter table public.employees alter column ${name} type ${type}\``,
        losesChanges: false,
      },
    ];
  });
}

function triggerFaults({ table, triggers }: CaptureFacts): CaptureFault[] {
  const all = triggers ?? [];
  const elsewhere = all.filter(({ isOnEmployees }) => !isOnEmployees).map((trigger) => trigger.table);
  const faults: CaptureFault[] = [];
  if (elsewhere.length > 0 && table !== null) {
    faults.push(
      lossy(
        `expected capture triggers on public.employees only, found some on table ${[...new Set(elsewhere)].join(', ')}; ${PROVISION}`,
      ),
    );
  }
  if (table === null) return faults;
  const namesOf = new Map<string, string[]>();
  for (const wanted of TRIGGERS) {
    const found = wrongTrigger(wanted, all);
    if (found !== null) namesOf.set(found, [...(namesOf.get(found) ?? []), wanted.name]);
  }
  for (const [found, names] of namesOf) {
    faults.push(
      lossy(`expected trigger ${names.join(', ')} on public.employees in mode ALWAYS, found ${found}; ${PROVISION}`),
    );
  }
  return faults;
}

/** What stands there in place of a trigger; `null` when it is as it should be. */
function wrongTrigger(wanted: (typeof TRIGGERS)[number], all: readonly CaptureTrigger[]): string | null {
  const onEmployees = all.filter((trigger) => trigger.isOnEmployees && trigger.function === wanted.function);
  const [trigger, ...more] = onEmployees.filter(({ isOnPartition }) => !isOnPartition);
  if (trigger === undefined) return 'none';
  if (more.length > 0) return `${more.length + 1} of them`;
  if (trigger.name !== wanted.name || trigger.type !== wanted.type || trigger.isConditional) {
    return `trigger ${trigger.name} with another definition`;
  }
  const disabled = onEmployees.find(({ mode }) => mode !== 'A');
  return disabled === undefined ? null : `it on ${disabled.table} in mode ${modeName(disabled.mode)}`;
}

function modeName(mode: string): string {
  return { D: 'DISABLED', O: 'ORIGIN', R: 'REPLICA' }[mode] ?? mode;
}

function functionFaults({ functions }: CaptureFacts): CaptureFault[] {
  const all = functions ?? [];
  const wrong = all.filter((found) => !isVouchedFor(found)).map(({ name }) => name);
  if (wrong.length === 0 && all.length >= CAPTURE_FUNCTION_COUNT) return [];
  const found =
    wrong.length > 0 ? `other definitions of ${wrong.join(', ')}` : `${all.length} of ${CAPTURE_FUNCTION_COUNT}`;
  return [lossy(`expected the capture functions of this version in schema public, found ${found}; ${PROVISION}`)];
}

function changeTableFaults({ changes, changeColumns, ids, mayInsert, hasGapTable }: CaptureFacts): CaptureFault[] {
  if (changes === null || changes.kind !== 'r') {
    return [lossy(`expected the table public.emp_cdc, found none; ${PROVISION}`)];
  }
  const faults: CaptureFault[] = [];
  for (const [name, type] of Object.entries(CHANGE_COLUMNS)) {
    const found = changeColumns?.[name]?.type;
    if (found === type) continue;
    faults.push(
      lossy(`expected column ${name} of public.emp_cdc with type ${type}, found ${found ?? 'none'}; ${PROVISION}`),
    );
  }
  for (const refusal of changes.refusals) {
    faults.push(
      lossy(
        `expected public.emp_cdc to accept every row, found ${refusal}; drop it, and a new snapshot begins by itself if changes are missing`,
      ),
    );
  }
  if (!GUARD_TYPES.every((type) => changes.guards?.some((guard) => guard.type === type && guard.mode === 'A'))) {
    faults.push(
      lossy(
        'expected trigger 00_note_truncate, 00_note_delete on public.emp_cdc in mode ALWAYS, found one missing or in another ' +
          `mode; ${PROVISION}`,
      ),
    );
  }
  if (changes.persistence !== 'p') {
    faults.push(
      lossy(
        'expected public.emp_cdc to be a permanent table, found an unlogged one, which a crash empties; run `alter table public.emp_cdc set logged`',
      ),
    );
  }
  if (changes.hidesRows) {
    faults.push(
      lossy(
        'expected the role of poll-changes to see all rows of public.emp_cdc, but row-level security hides some; run `alter table public.emp_cdc disable row level security`',
      ),
    );
  }
  if (ids === null) {
    faults.push(
      lossy('expected the sequence public.emp_cdc_cdc_id_seq, found none; rename the sequence of emp_cdc.cdc_id back'),
    );
  } else if (ids.isNearEnd || ids.increment < 0) {
    faults.push(
      lossy(
        'expected the sequence public.emp_cdc_cdc_id_seq to be far from its end; run `alter sequence public.emp_cdc_cdc_id_seq increment 1 no maxvalue`',
      ),
    );
  }
  if (mayInsert === false) {
    faults.push(
      lossy(
        'expected the owner of the capture functions to have the privileges insert on public.emp_cdc and usage on public.emp_cdc_cdc_id_seq, found them revoked; grant them',
      ),
    );
  }
  if (!hasGapTable) faults.push(lossy(`expected the table public.cdc_gap, found none; ${PROVISION}`));
  return faults;
}

function lossy(message: string): CaptureFault {
  return { message, losesChanges: true };
}
