import { selection } from '../../../../functions/adapters/postgres/redrive-rows.ts';

test('a filter compares a key as the ledger stores it', () => {
  expect(selection({ key: `a\u0000${'x'.repeat(300)}` }, 3)).toEqual({
    condition: 'pending and state = any($3::text[]) and record_key = $4',
    values: [['open'], `a\ufffd${'x'.repeat(198)}`],
  });
});
