import { lambdaFunction, mappingTo, modelOf, refusalOf } from './read-model.ts';

const lambda = 'arn:aws:lambda:eu-central-1:123456789012:function';
const elsewhere = 'arn:aws:lambda:us-east-1:999999999999:function:other';
const Alias = { Type: 'AWS::Lambda::Alias', Properties: { FunctionName: { Ref: 'Fn' }, Name: 'live' } };
const Version = { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { 'Fn::GetAtt': ['Fn', 'Arn'] } } };
const Nested = { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: 'https://b/nested.yml' } };
const Parameters = { Target: { Type: 'String', Default: 'from-default' } };
const resources = { Fn: lambdaFunction(), Alias, Version, Nested };

const targetOf = (functionName: unknown, options: object = {}) =>
  modelOf({ Parameters, Resources: { ...resources, Mapping: mappingTo(functionName) } }, options).mappings[0]?.function;

const own = { name: 'fn', arn: `${lambda}:fn` };

test.each<[string, unknown, object]>([
  ['Ref of an alias', { Ref: 'Alias' }, { ...own, qualifier: 'live' }],
  ['AliasArn of an alias', { 'Fn::GetAtt': ['Alias', 'AliasArn'] }, { ...own, qualifier: 'live' }],
  ['name:alias', 'fn:live', { ...own, qualifier: 'live' }],
  ['name:version', 'fn:7', { ...own, qualifier: '7' }],
  ['ARN:alias', `${lambda}:fn:live`, { ...own, qualifier: 'live' }],
  ['partial ARN:alias', '123456789012:function:fn:live', { ...own, qualifier: 'live' }],
  ['joined', { 'Fn::Join': [':', [{ 'Fn::GetAtt': ['Fn', 'Arn'] }, 'live']] }, { ...own, qualifier: 'live' }],
  ['Ref of a version, whose number only AWS knows', { Ref: 'Version' }, own],
  ['its number', { 'Fn::Sub': `\${Fn}:\${Version.Version}` }, own],
  ['$LATEST', 'fn:$LATEST', own],
])('[documented] versions and aliases: %s is the function, and the qualifier is kept', (_name, value, expected) => {
  const { timeoutSeconds, ...target } = targetOf(value) ?? {};
  expect(target).toEqual(expected);
  expect(timeoutSeconds).toBe(3);
});

test.each<[string, unknown, object, object]>([
  ['name', 'other', {}, { name: 'other', arn: `${lambda}:other` }],
  ['name:alias', 'other:live', {}, { name: 'other', arn: `${lambda}:other`, qualifier: 'live' }],
  ['ARN', elsewhere, {}, { name: 'other', arn: elsewhere }],
  ['ARN:alias', `${elsewhere}:live`, {}, { name: 'other', arn: elsewhere, qualifier: 'live' }],
  ['the default of a parameter', { Ref: 'Target' }, {}, { name: 'from-default' }],
  ['a parameter', { Ref: 'Target' }, { parameters: { Target: 'given' } }, { name: 'given' }],
  [
    'an import',
    { 'Fn::ImportValue': { 'Fn::Sub': `\${AWS::StackName}-load` } },
    { functionNames: { 'local-load': 'other' } },
    { name: 'other', arn: `${lambda}:other` },
  ],
  [
    'an import within an ARN',
    { 'Fn::Join': ['', [`${lambda}:`, { 'Fn::ImportValue': 'load' }, ':live']] },
    { functionNames: { load: 'other' } },
    { name: 'other', arn: `${lambda}:other`, qualifier: 'live' },
  ],
  [
    'an output of a nested stack',
    { 'Fn::GetAtt': ['Nested', 'Outputs.LoadArn'] },
    { functionNames: { 'Nested.Outputs.LoadArn': elsewhere } },
    { name: 'other', arn: elsewhere },
  ],
  ['a logical id', { Ref: 'OfAnotherPlugin' }, { functionNames: { OfAnotherPlugin: 'other' } }, { name: 'other' }],
])('[documented] functions of other stacks are invoked by their name: %s', (_name, value, options, expected) => {
  expect(targetOf(value, options)).toEqual({ arn: expect.any(String), timeoutSeconds: 900, ...expected });
});

test('a function is not mistaken for a value of AWS with which its name begins', () => {
  const Custom = { Type: 'Custom::Secret', Properties: {} };
  const access = { SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: { Ref: 'Custom' } }] };
  const CustomLoad = { Type: 'AWS::Lambda::Function' };
  const { mappings } = modelOf({
    Resources: { Custom, CustomLoad, Mapping: mappingTo({ Ref: 'CustomLoad' }, access) },
  });
  expect(mappings[0]?.function.name).toBe('local-CustomLoad');
  expect(refusalOf({ Resources: { Custom, Mapping: mappingTo({ Ref: 'Custom' }) } })).toContain(
    'only AWS knows Custom: ',
  );
});

test('functionNames replaces the name of a function of the template', () => {
  const options = { functionNames: { Fn: 'stack-Fn-1ABC' } };
  const expected = { name: 'stack-Fn-1ABC', arn: `${lambda}:stack-Fn-1ABC`, timeoutSeconds: 3 };
  for (const value of [{ Ref: 'Fn' }, { 'Fn::GetAtt': ['Fn', 'Arn'] }])
    expect(targetOf(value, options)).toEqual(expected);
  expect(targetOf({ Ref: 'Alias' }, options)).toEqual({ ...expected, qualifier: 'live' });
  expect(targetOf({ Ref: 'Version' }, { functionNames: { Version: 'fn:7' } })).toMatchObject({
    ...own,
    qualifier: '7',
  });
});

test('an asynchronous invocation has the settings of its version or alias', () => {
  const config = (properties: object) => ({ Type: 'AWS::Lambda::EventInvokeConfig', Properties: properties });
  const rule = (arn: unknown) => ({
    Type: 'AWS::Events::Rule',
    Properties: { ScheduleExpression: 'rate(1 minute)', Targets: [{ Id: 'fn', Arn: arn }] },
  });
  const { functions, schedules } = modelOf({
    Resources: {
      ...resources,
      OfAlias: config({ FunctionName: { Ref: 'Fn' }, Qualifier: 'live', MaximumRetryAttempts: 0 }),
      OfLatest: config({ FunctionName: { Ref: 'Fn' }, Qualifier: '$LATEST', MaximumRetryAttempts: '1' }),
      OfOther: config({ FunctionName: elsewhere, Qualifier: '$LATEST', MaximumEventAgeInSeconds: 60 }),
      Aliased: rule({ Ref: 'Alias' }),
      Latest: rule({ 'Fn::GetAtt': ['Fn', 'Arn'] }),
      Other: rule(elsewhere),
    },
  });
  expect(
    schedules.map(({ id, function: { name, qualifier, asynchronous } }) => [id, name, qualifier, asynchronous]),
  ).toEqual([
    ['Aliased/0', 'fn', 'live', { maximumRetryAttempts: 0, maximumEventAgeSeconds: 21_600 }],
    ['Latest/0', 'fn', undefined, { maximumRetryAttempts: 1, maximumEventAgeSeconds: 21_600 }],
    ['Other/0', 'other', undefined, { maximumRetryAttempts: 2, maximumEventAgeSeconds: 60 }],
  ]);
  // As the queue finds them again after a restart.
  expect(functions.find('fn:live')?.asynchronous.maximumRetryAttempts).toBe(0);
  expect(functions.find('other')?.arn).toBe(elsewhere);
  expect(functions.find('nobody')).toBeUndefined();
});

test('a target of a rule that is no function is left out, also an import that functionNames says is none', () => {
  const targets = [
    { Ref: 'Machine' },
    { 'Fn::GetAtt': ['Queue', 'Arn'] },
    { 'Fn::ImportValue': 'queue-arn' },
    { 'Fn::GetAtt': ['Nested', 'Outputs.QueueArn'] },
  ];
  const { schedules } = modelOf(
    {
      Resources: {
        Nested,
        Machine: { Type: 'AWS::StepFunctions::StateMachine' },
        Queue: { Type: 'AWS::SQS::Queue' },
        Rule: {
          Type: 'AWS::Events::Rule',
          Properties: {
            ScheduleExpression: 'rate(1 minute)',
            Targets: targets.map((Arn, index) => ({ Id: `t${index}`, Arn })),
          },
        },
      },
    },
    { functionNames: { 'queue-arn': null, 'Nested.Outputs.QueueArn': null } },
  );
  expect(schedules).toEqual([]);
});

const option = (key: string) =>
  `name the function with functionNames: {"${key}": NAME} in custom.eventSources, or --function ${key}=NAME`;
const unresolved = (id: string) =>
  `(AWS: Template format error: Unresolved resource dependencies [${id}] in the Resources block of the template)`;

test.each<[string, object, string]>([
  [
    'an import',
    mappingTo({ 'Fn::ImportValue': 'load-arn' }),
    `Faulty: FunctionName: only AWS knows the import load-arn: ${option('load-arn')} (AWS: accepts it)`,
  ],
  [
    'an output of a nested stack',
    mappingTo({ 'Fn::GetAtt': ['Nested', 'Outputs.LoadArn'] }),
    `Faulty: FunctionName: only AWS knows Nested.Outputs.LoadArn: ${option('Nested.Outputs.LoadArn')} (AWS: accepts it)`,
  ],
  [
    'an undefined logical id',
    mappingTo({ 'Fn::GetAtt': ['Alas', 'Arn'] }),
    `Faulty: FunctionName: Alas is not in the template: correct it (did you mean Alias?), or ${option('Alas.Arn')} ${unresolved('Alas')}`,
  ],
  [
    'a function whose condition does not hold',
    mappingTo({ Ref: 'NotCreated' }),
    `Faulty: FunctionName: NotCreated is not created, because its Condition does not hold: add the condition here, or change it ${unresolved('NotCreated')}`,
  ],
  [
    'a text that is no name',
    mappingTo('a function'),
    'Faulty: FunctionName: expected the name or the ARN of a function, got "a function" (AWS: ValidationException, failed to satisfy constraint)',
  ],
  [
    'an alias of itself',
    { Type: 'AWS::Lambda::Alias', Properties: { FunctionName: { Ref: 'Faulty' }, Name: 'x' } },
    'Faulty: FunctionName: refers to the resource itself: name another one (AWS: ValidationError, Circular dependency between resources: [Faulty])',
  ],
])('rejected in one line: a function that is %s', (_name, Faulty, expected) => {
  const NotCreated = { ...lambdaFunction({ FunctionName: 'not-created' }), Condition: 'Never' };
  const Conditions = { Never: { 'Fn::Equals': [1, 2] } };
  const Mapping = mappingTo({ Ref: 'Faulty' });
  const isAlias = (Faulty as { Type: string }).Type === 'AWS::Lambda::Alias';
  const template = { Conditions, Resources: { ...resources, NotCreated, Faulty, ...(isAlias && { Mapping }) } };
  expect(refusalOf(template)).toBe(expected);
});

test('an import is rejected as the function of a rule and of a bucket too', () => {
  const target = { 'Fn::ImportValue': 'load-arn' };
  const rule = {
    Type: 'AWS::Events::Rule',
    Properties: { ScheduleExpression: 'rate(1 minute)', Targets: [{ Id: 'fn', Arn: target }] },
  };
  const bucket = {
    Type: 'AWS::S3::Bucket',
    Properties: {
      NotificationConfiguration: { LambdaConfigurations: [{ Event: 's3:ObjectCreated:*', Function: target }] },
    },
  };
  expect(refusalOf({ Resources: { Rule: rule } })).toMatch(
    /^Rule: Targets\[0\]\.Arn: only AWS knows the import load-arn/,
  );
  expect(refusalOf({ Resources: { Bucket: bucket } })).toMatch(
    /^Bucket: LambdaConfigurations\[0\]\.Function: only AWS knows the import load-arn/,
  );
});

test('a key of functionNames that nothing uses is rejected, with the nearest logical id', () => {
  const template = { Resources: { LoadOrders: lambdaFunction(), Mapping: mappingTo({ Ref: 'LoadOrders' }) } };
  expect(refusalOf(template, { functionNames: { LoadOrder: 'x' } })).toBe(
    'functionNames: LoadOrder: is no logical id of the template, and no import or attribute that it uses for a function; did you mean LoadOrders? (AWS: has no such option)',
  );
});
