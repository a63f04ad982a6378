import { provisionedConcurrencyOf } from '../../../../localstack/event-sources/runner/provisioned-concurrency.ts';
import type { Serverless } from '../../../../localstack/event-sources/template/from-serverless/serverless.ts';

test('each function with provisioned concurrency has its number, also one that is a text', () => {
  const functions: Record<string, object> = {
    one: { name: 's-one', provisionedConcurrency: 2 },
    two: { name: 's-two', provisionedConcurrency: '3' },
    three: { name: 's-three' },
  };
  const service = { getAllFunctions: () => Object.keys(functions), getFunction: (key: string) => functions[key] };
  const found = provisionedConcurrencyOf({ service } as unknown as Pick<Serverless, 'service'>);
  expect([...found]).toEqual([
    ['s-one', 2],
    ['s-two', 3],
  ]);
});
