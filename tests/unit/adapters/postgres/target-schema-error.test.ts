import { inspect } from 'node:util';
import { targetSchemaError } from '../../../../functions/adapters/postgres/target-schema-error.ts';
import { EMPLOYEES } from '../../../../functions/adapters/postgres/target-tables.ts';

it('names the constraint, and has nothing that quotes the values of the refused row', async () => {
  const refusal = Object.assign(new Error('new row violates check constraint "salary_limit"'), {
    code: '23514',
    table: 'employees',
    constraint: 'salary_limit',
    detail: 'Failing row contains (1, Ada, Lovelace, 1815-12-10, London, 54321).',
  });
  const error = await targetSchemaError(async () => ({ rows: [] }), [EMPLOYEES], refusal);
  expect(error.message).toContain('constraint salary_limit of table employees');
  expect(inspect(error)).not.toMatch(/54321|Lovelace/);
});

it('advises no privileges that the role of a function does not need', async () => {
  const columns = Object.entries(EMPLOYEES.columns).map(([name, type]) => ({
    ...{ name, type, isNotNull: false, hasDefault: false, isGenerated: false },
  }));
  const found = {
    ...{ table: 'employees', kind: 'r', otherSchema: null, hasKey: true, isPermitted: false, hasRowSecurity: false },
    ...{ user: 'employee_streams_apply_changes', columns, triggers: [], rules: [] },
  };
  const refusal = { code: '42501', table: 'employees' };
  const error = await targetSchemaError(async () => ({ rows: [found] }) as never, [EMPLOYEES], refusal);
  expect(error.message).toMatch(/user employee_streams_apply_changes .*; run npm run provision, or grant/);
  expect(error.message).not.toMatch(/delete|in the target database:/);
});

it('prints a statement that runs for names with capital letters', async () => {
  const refusal = { code: '23514', table: 'Payroll', constraint: 'SalaryLimit' };
  const error = await targetSchemaError(async () => ({ rows: [] }), [EMPLOYEES], refusal);
  expect(error.message).toContain('alter table "Payroll" drop constraint "SalaryLimit"');
});
