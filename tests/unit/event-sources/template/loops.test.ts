import { lambdaFunction, mappingTo, modelOf, refusalOf } from './read-model.ts';

const Transform = 'AWS::LanguageExtensions';
const Fn = lambdaFunction();
const copy = mappingTo({ Ref: 'Fn' }, { Topics: [{ 'Fn::Sub': `local.\${Topic}` }] });

test('[documented] Fn::ForEach copies its content for each value, with names and references replaced', () => {
  const { mappings } = modelOf({
    Transform,
    Parameters: { Topics: { Type: 'CommaDelimitedList', Default: 'orders.new, payments' } },
    Resources: { Fn, 'Fn::ForEach::Mappings': ['Topic', { Ref: 'Topics' }, { 'On&{Topic}': copy }] },
  });
  expect(mappings.map(({ id, topic }) => [id, topic])).toEqual([
    ['Onordersnew', 'local.orders.new'],
    ['Onpayments', 'local.payments'],
  ]);
});

test('[documented] Fn::ForEach may be in another one, in conditions, in properties, and in a SAM function', () => {
  const event = {
    Type: 'Schedule',
    Properties: { Schedule: { 'Fn::Join': ['', ['rate(', { Ref: 'Rate' }, ' minutes)']] } },
  };
  const sizes = { 'Fn::ForEach::Sizes': ['Size', ['BatchSize'], { [`\${Size}`]: 7 }] };
  const inner = {
    'Fn::ForEach::Stages': [
      'Stage',
      ['dev', 'prod'],
      { [`\${Topic}\${Stage}`]: { ...copy, Condition: `Is\${Stage}` } },
    ],
  };
  const { mappings, schedules } = modelOf({
    Transform: [Transform, 'AWS::Serverless-2016-10-31'],
    Conditions: {
      'Fn::ForEach::Stages': [
        'Stage',
        ['dev', 'prod'],
        { [`Is\${Stage}`]: { 'Fn::Equals': [{ Ref: 'Stage' }, 'dev'] } },
      ],
    },
    Resources: {
      Fn,
      Sized: { ...copy, Properties: { ...copy.Properties, Topics: ['t'], ...sizes } },
      'Fn::ForEach::Mappings': ['Topic', ['a', 'b'], inner],
      Load: {
        Type: 'AWS::Serverless::Function',
        Properties: { Events: { 'Fn::ForEach::Rates': ['Rate', [2, 5], { [`Every\${Rate}`]: event }] } },
      },
    },
  });
  expect(mappings.map(({ id, topic, batchSize }) => [id, topic, batchSize])).toEqual([
    ['Sized', 't', 7],
    ['adev', 'local.a', 100],
    ['bdev', 'local.b', 100],
  ]);
  expect(schedules.map(({ id, expressionText }) => [id, expressionText])).toEqual([
    ['LoadEvery2/0', 'rate(2 minutes)'],
    ['LoadEvery5/0', 'rate(5 minutes)'],
  ]);
});

test.each<[object, string]>([
  [
    { Resources: { 'Fn::ForEach::Mappings': ['Topic', ['a'], {}] } },
    'Resources: Fn::ForEach::Mappings: needs the line Transform: AWS::LanguageExtensions: add it (AWS: Template format error)',
  ],
  [
    { Transform, Resources: {}, Conditions: { 'Fn::ForEach::Stages': ['Stage', 'dev', {}] } },
    'Conditions: Fn::ForEach::Stages: expected an identifier, a list of values and an object, got ["Stage","dev",{}] (AWS: Fn::ForEach layout is incorrect)',
  ],
  [
    { Transform, Resources: { 'Fn::ForEach::Mappings': 'Topic' } },
    'Resources: Fn::ForEach::Mappings: expected an identifier, a list of values and an object, got "Topic" (AWS: Fn::ForEach layout is incorrect)',
  ],
])('rejected in one line: %j', (template, expected) => {
  expect(refusalOf(template)).toBe(expected);
});
