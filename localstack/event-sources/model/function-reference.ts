/** The forms in which Lambda's API accepts a function: a name, an ARN or a partial ARN, with or without a qualifier. */
const PATTERN =
  /^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:[a-z]+(?:-[a-z]+)+-\d:)?(?:\d{12}:)?(?:function:)?([a-zA-Z0-9-_]{1,140})(?::(\$LATEST|[a-zA-Z0-9-_]{1,128}))?$/;

export interface FunctionReference {
  readonly name: string;
  /** A version or an alias. Absent: `$LATEST`. */
  readonly qualifier?: string;
}

/** Undefined when Lambda's API would reject the text. */
export function parseFunctionReference(text: string): FunctionReference | undefined {
  const [, name, qualifier] = PATTERN.exec(text) ?? [];
  if (name === undefined) return undefined;
  return { name, ...(qualifier !== undefined && qualifier !== '$LATEST' && { qualifier }) };
}
