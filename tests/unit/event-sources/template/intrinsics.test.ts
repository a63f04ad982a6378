import { lambdaFunction, mappingTo, modelOf, refusalOf } from './read-model.ts';

const template = (further: object, sections: object = {}) => ({
  ...sections,
  Resources: { Fn: lambdaFunction(), Mapping: mappingTo({ Ref: 'Fn' }, further) },
});
const topicOf = (topic: unknown, sections: object = {}) =>
  modelOf(template({ Topics: [topic] }, sections)).mappings[0]?.topic;

test('a literal in Fn::Sub, and the functions of AWS::LanguageExtensions', () => {
  const Mappings = { Topics: { dev: { name: 'orders' } } };
  const find = (stage: string) => ({ 'Fn::FindInMap': ['Topics', stage, 'name', { DefaultValue: 'fallback' }] });
  expect(topicOf(find('dev'), { Mappings })).toBe('orders');
  expect(topicOf(find('prod'), { Mappings })).toBe('fallback');
  expect(topicOf({ 'Fn::Sub': `n\${Count}` }, { Parameters: { Count: { Default: 2 } } })).toBe('n2');
  const Pattern = { 'Fn::ToJsonString': { value: { id: [{ 'Fn::Length': ['a', 'b'] }] } } };
  const { mappings } = modelOf(template({ FilterCriteria: { Filters: [{ Pattern }] } }));
  expect(mappings[0]?.filterCriteria?.filters).toHaveLength(1);
  expect(refusalOf(template({ Topics: [{ 'Fn::Sub': `\${!Topic}` }] }))).toContain(`got "\${Topic}"`);
});

test.each<[string, object, string]>([
  [
    'a function that is not evaluated',
    template({ Topics: [{ 'Fn::GetAZs': '' }] }),
    'Mapping: Topics[0]: Fn::GetAZs is not evaluated: write its value (AWS: accepts it, if it has this function)',
  ],
  [
    'a function without its arguments',
    template({ Topics: [{ 'Fn::Join': '-' }] }),
    'Mapping: Topics[0]: Fn::Join expected a list of 2 values, got "-" (AWS: Template error: Fn::Join requires a list argument)',
  ],
  [
    'a mapping without the key',
    template({ Topics: [{ 'Fn::FindInMap': ['Topics', 'dev', 'name'] }] }, { Mappings: { Topics: { prod: {} } } }),
    'Mapping: Topics[0]: Fn::FindInMap expected the key dev, name in the mapping Topics, found none: define it in Mappings (AWS: Template error: Unable to get mapping for Topics::dev::name)',
  ],
  [
    'a list without the item',
    template({ Topics: [{ 'Fn::Select': [1, ['a']] }] }),
    'Mapping: Topics[0]: Fn::Select expected a list with an item 1, got ["a"] (AWS: Template error: Fn::Select cannot select nonexistent value at index 1)',
  ],
])('rejected in one line: %s', (_name, faulty, expected) => {
  expect(refusalOf(faulty)).toBe(expected);
});
