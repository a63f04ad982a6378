import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTemplateFile } from '../../../../localstack/event-sources/template/from-file.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'template-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));
const read = async (text: string) => {
  await writeFile(join(directory, 't.yml'), text);
  return readTemplateFile(join(directory, 't.yml'));
};

test('a file that is neither JSON nor YAML, has no Resources or does not exist is an error that names it', async () => {
  await expect(read('{"Resources": [')).rejects.toThrow(
    /t\.yml: expected JSON or YAML, found neither: use a compiled template/,
  );
  await expect(read('{}')).rejects.toThrow(/t\.yml: expected a CloudFormation template with Resources/);
  await expect(readTemplateFile(join(directory, 'no.yml'))).rejects.toThrow(/no\.yml: the template cannot be read/);
});

test("CloudFormation's short forms are read as its functions", async () => {
  const template = await read('Resources:\n  Fn:\n    Type: T\n    Properties: { A: !GetAtt B.Arn.C, D: !Ref E }\n');
  expect(template.Resources['Fn']?.Properties).toEqual({ A: { 'Fn::GetAtt': ['B', 'Arn.C'] }, D: { Ref: 'E' } });
});

test.each([
  [
    'Resources:\n  Mapping:\n    Type: T\n    Properties:\n      Topics: [a, !Re Topic]\n',
    'Mapping: Topics[1]: !Re is not a tag of CloudFormation; did you mean !Ref? (AWS: Template format error: YAML not well-formed)',
  ],
  ['Resources:\n  Mapping:\n    Type: !Local T\n', 'Mapping: Type: !Local is not a tag of CloudFormation; '],
  ['Resources:\n  Mapping: !Include { a: b }\n', 'Mapping: value: !Include is not a tag of CloudFormation; '],
  [
    'Conditions:\n  IsProd: !Equal [a, b]\nResources: {}\n',
    'Conditions: IsProd: !Equal is not a tag of CloudFormation; ',
  ],
  ['Resources:\n  Fn:\n    Type: T\n    Properties: { A: !Join [a, [!Jn b]] }\n', 'Fn: A[1][0]: !Jn is not a tag'],
])('an unknown tag is an error that names its place: %j', async (text, expected) => {
  await expect(read(text)).rejects.toThrow(expected);
});
