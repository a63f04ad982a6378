import { PipelineError } from './errors.ts';

/** What PostgreSQL says about an error, without its message and detail, because these may quote values. */
export interface DatabaseFault {
  readonly sqlState?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  /** The data type that a value does not fit, e.g. `character varying(5)`. */
  readonly dataType?: string;
  /** The function in B that raised the error, e.g. that of a trigger. */
  readonly procedure?: string;
  /** The routine of PostgreSQL's source that raised the error. */
  readonly routine?: string;
}

const SQLSTATE = /^[0-9A-Z]{5}$/;
/** Of the messages that name a type, only this one contains no value. */
const TOO_LONG = /^value too long for type (.+)$/;
const TOO_LARGE = /^(smallint|integer) out of range$/;
/** A missing privilege names the table only here. */
const NO_PRIVILEGE = /^permission denied for (?:table|view|relation) (\S+)$/;
/** A function with its argument types, as the context of an error names it. */
const PROCEDURE = /^PL\/pgSQL function (\S+\([^)]*\))/m;

/** SQLSTATEs whose messages may quote values of a row: data exceptions, constraints and errors that a function raises. */
const MAY_QUOTE_VALUES = /^(?:22|23|P0)[0-9A-Z]{3}$/;

/** Whether the text of this error may quote values of a row. */
export function mayQuoteValues(error: unknown): boolean {
  return MAY_QUOTE_VALUES.test(databaseFaultOf(error).sqlState ?? '');
}

export function databaseFaultOf(error: unknown): DatabaseFault {
  const fields = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const text = (name: string) => {
    const value = fields[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const message = text('message') ?? '';
  const entries = {
    sqlState: SQLSTATE.exec(text('code') ?? '')?.[0],
    table: text('table') ?? NO_PRIVILEGE.exec(message)?.[1],
    column: text('column'),
    constraint: text('constraint'),
    dataType: text('dataType') ?? (TOO_LONG.exec(message) ?? TOO_LARGE.exec(message))?.[1],
    procedure: PROCEDURE.exec(text('where') ?? '')?.[1],
    routine: text('routine'),
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

/**
 * E.g. `SQLSTATE 23514, constraint short of table employees`. Equal for all rows that the same constraint, column, type or
 * trigger refuses, so it also identifies what refuses them.
 */
export function describeDatabaseFault(error: unknown): string {
  if (error instanceof PipelineError) return error.code;
  const fault = databaseFaultOf(error);
  return [`SQLSTATE ${fault.sqlState ?? 'unknown'}`, ...placesOf(fault)].join(', ');
}

function placesOf({ table, column, constraint, dataType, procedure }: DatabaseFault): string[] {
  const of = table === undefined ? '' : ` of table ${table}`;
  return [
    ...(constraint === undefined ? [] : [`constraint ${constraint}${of}`]),
    ...(column === undefined ? [] : [`column ${column}${of}`]),
    ...(constraint === undefined && column === undefined && table !== undefined ? [`table ${table}`] : []),
    ...(dataType === undefined ? [] : [`type ${dataType}`]),
    ...(procedure === undefined ? [] : [`function ${procedure}`]),
  ];
}
