/** What a tool found in a template. */
export interface TemplateFinding {
  readonly template: string;
  /** The rule and where it is broken. */
  readonly text: string;
}

export interface LintResult {
  readonly errors: number;
  readonly warnings: number;
  readonly findings: readonly TemplateFinding[];
}

export interface CheckResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly findings: readonly TemplateFinding[];
}

interface LintMatch {
  readonly Level: string;
  readonly Filename: string;
  readonly Message: string;
  readonly Rule: { readonly Id: string };
  readonly Location: { readonly Path: readonly (string | number)[] | null };
}

interface Check {
  readonly check_id: string;
  readonly check_name: string;
  readonly resource: string;
  readonly file_path: string;
  readonly check_result: { readonly suppress_comment?: string | null };
}

interface CheckovReport {
  readonly summary: { readonly parsing_errors: number };
  readonly results: {
    readonly passed_checks: readonly Check[];
    readonly failed_checks: readonly Check[];
    readonly skipped_checks: readonly Check[];
  };
}

/** Reads the JSON of cfn-lint. Each match is a finding, also an informational one. */
export function readLint(json: string): LintResult {
  const matches = JSON.parse(json) as readonly LintMatch[];
  const count = (level: string) => matches.filter(({ Level }) => Level === level).length;
  return {
    errors: count('Error'),
    warnings: matches.length - count('Error'),
    findings: matches.map(({ Filename, Message, Rule, Location }) => ({
      template: nameOf(Filename),
      text: `${Rule.Id} ${Message} (${(Location.Path ?? []).join('/')})`,
    })),
  };
}

/**
 * Reads the JSON of checkov. A check that is skipped without a reason counts as failed, and so does a template that checkov
 * could not read.
 */
export function readChecks(json: string): CheckResult {
  const { results, summary } = JSON.parse(json) as CheckovReport;
  const withoutReason = results.skipped_checks.filter(({ check_result }) => !check_result.suppress_comment?.trim());
  const failed = [
    ...results.failed_checks.map((check) => finding(check, 'fails')),
    ...withoutReason.map((check) => finding(check, 'is skipped without a reason')),
    ...Array.from({ length: summary.parsing_errors }, () => ({
      template: '?',
      text: 'checkov could not read a template',
    })),
  ];
  return {
    passed: results.passed_checks.length,
    failed: failed.length,
    skipped: results.skipped_checks.length - withoutReason.length,
    findings: failed,
  };
}

function finding({ check_id, check_name, resource, file_path }: Check, what: string): TemplateFinding {
  return { template: nameOf(file_path), text: `${check_id} ${what} for ${resource}: ${check_name}` };
}

function nameOf(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.json$/, '');
}
