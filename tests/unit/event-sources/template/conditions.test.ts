import type { Template } from '../../../../localstack/event-sources/template/template.ts';
import { readTemplate } from '../../../../localstack/event-sources/template/template-model.ts';

const fn = { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'fn' } };
const mapping = (properties: object, condition?: string) => ({
  Type: 'AWS::Lambda::EventSourceMapping',
  ...(condition !== undefined && { Condition: condition }),
  Properties: {
    FunctionName: { Ref: 'Fn' },
    EventSourceArn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/demo/1',
    Topics: ['t'],
    StartingPosition: 'LATEST',
    ...properties,
  },
});

const read = (template: Partial<Template>) =>
  readTemplate(
    { ...template, Resources: { Fn: fn, ...template.Resources } },
    {},
    { brokers: ['127.0.0.1:1'], allowErrorControlsOnDemand: false, maximumFilters: 5, now: Date.now },
  ).mappings;

const stages = {
  Parameters: { Stage: { Default: 'dev' } },
  Conditions: {
    IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] },
    IsDev: { 'Fn::Not': [{ Condition: 'IsProd' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsProd' }, { Condition: 'IsDev' }] },
    Both: { 'Fn::And': [{ Condition: 'IsProd' }, { Condition: 'IsDev' }] },
  },
};

test('a resource whose condition does not hold is left out', () => {
  const conditions = ['IsProd', 'IsDev', 'Either', 'Both'];
  const Resources = Object.fromEntries(conditions.map((condition) => [condition, mapping({}, condition)]));
  expect(read({ ...stages, Resources }).map(({ id }) => id)).toEqual(['IsDev', 'Either']);
});

test('Fn::If chooses a value, and AWS::NoValue removes the property', () => {
  const chosen = mapping({
    BatchSize: { 'Fn::If': ['IsProd', 1_000, 7] },
    Enabled: { 'Fn::If': ['IsDev', false, true] },
    MaximumBatchingWindowInSeconds: { 'Fn::If': ['IsDev', { Ref: 'AWS::NoValue' }, 5] },
    Topics: [{ 'Fn::If': ['IsProd', 'orders', { Ref: 'AWS::NoValue' }] }, 't'],
  });
  expect(read({ ...stages, Resources: { Mapping: chosen } })).toMatchObject([
    { batchSize: 7, enabled: false, batchingWindowMs: 500, topic: 't' },
  ]);
});

test('Fn::FindInMap finds the value of the mapping', () => {
  const found = mapping({ BatchSize: { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'batch'] } });
  const Mappings = { Sizes: { dev: { batch: 3 }, prod: { batch: 500 } } };
  expect(read({ ...stages, Mappings, Resources: { Mapping: found } })).toMatchObject([{ batchSize: 3 }]);
});

test('an undefined condition is an error in one line', () => {
  expect(() => read({ Resources: { Mapping: mapping({}, 'Missing') } })).toThrow(
    /^Conditions: Missing: is used and not defined: define it \(AWS: Template format error\)$/,
  );
});

test.each([
  ['itself', { A: { Condition: 'A' } }, 'A -> A'],
  [
    'others',
    { A: { 'Fn::Not': [{ Condition: 'B' }] }, B: { 'Fn::Or': [{ Condition: 'C' }] }, C: { Condition: 'A' } },
    'A -> B -> C -> A',
  ],
])(
  'a condition that refers to itself is an error in one line, also where it is not used: through %s',
  (_name, Conditions, cycle) => {
    expect(() => read({ Conditions, Resources: {} })).toThrow(
      `Conditions: A: is circular: ${cycle}: remove one of these references (AWS: Template error: Found circular condition dependency)`,
    );
  },
);
