import { readChecks, readLint } from '../../../../localstack/commands/check-infra/findings.ts';

test('each match of cfn-lint is a finding with its rule and place, and what is no error is a warning', () => {
  const match = (level: string, id: string) => ({
    Level: level,
    Filename: '/tmp/x/data-dev.json',
    Message: 'is wrong',
    Rule: { Id: id },
    Location: { Path: ['Resources', 'Vpc', 0] },
  });
  const matches = [match('Error', 'E1'), match('Warning', 'W1'), match('Informational', 'I1')];
  const result = readLint(JSON.stringify(matches));
  expect(result).toMatchObject({ errors: 1, warnings: 2 });
  expect(result.findings[0]).toEqual({ template: 'data-dev', text: 'E1 is wrong (Resources/Vpc/0)' });
  expect(readLint('[]')).toEqual({ errors: 0, warnings: 0, findings: [] });
});

test('a check of checkov that is skipped needs a reason', () => {
  const check = (id: string, reason?: string) => ({
    check_id: id,
    check_name: 'Ensure it',
    resource: 'AWS::EC2::VPC.Vpc',
    file_path: '/functions-prod.json',
    check_result: { suppress_comment: reason },
  });
  const report = {
    summary: { parsing_errors: 0 },
    results: {
      passed_checks: [check('A')],
      failed_checks: [check('B')],
      skipped_checks: [check('C', 'because'), check('D', ' '), check('E')],
    },
  };
  const result = readChecks(JSON.stringify(report));
  expect(result).toMatchObject({ passed: 1, failed: 3, skipped: 1 });
  expect(result.findings.map(({ template, text }) => `${template}: ${text}`)).toEqual([
    'functions-prod: B fails for AWS::EC2::VPC.Vpc: Ensure it',
    'functions-prod: D is skipped without a reason for AWS::EC2::VPC.Vpc: Ensure it',
    'functions-prod: E is skipped without a reason for AWS::EC2::VPC.Vpc: Ensure it',
  ]);
});

test('a template that checkov cannot read is a failure', () => {
  const nothing = { passed_checks: [], failed_checks: [], skipped_checks: [] };
  expect(readChecks(JSON.stringify({ summary: { parsing_errors: 1 }, results: nothing }))).toMatchObject({ failed: 1 });
});
