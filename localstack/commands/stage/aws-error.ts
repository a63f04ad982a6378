interface AwsError extends Error {
  readonly code?: string;
  readonly Reason?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** What a request to AWS was about. */
export interface AwsRequest {
  /** As the object of a sentence, such as `function employee-streams-prod-redrive`. */
  readonly what: string;
  /** The right that the request needs, such as `lambda:InvokeFunction`. */
  readonly action: string;
  readonly stage: string;
  /** `undefined` when it is not known. */
  readonly region: string | undefined;
}

const NOT_ACCEPTED = [
  ...['UnrecognizedClientException', 'InvalidClientTokenId', 'InvalidAccessKeyId', 'SignatureDoesNotMatch'],
  ...['InvalidSignatureException', 'IncompleteSignature', 'AuthFailure'],
];
const EXPIRED = ['ExpiredTokenException', 'ExpiredToken', 'RequestExpired', 'TokenRefreshRequired'];
const DENIED = ['AccessDeniedException', 'AccessDenied', 'Forbidden', '403'];
const THROTTLED = ['TooManyRequestsException', 'ThrottlingException', 'Throttling', 'SlowDown'];
/** In the message too, because the SDK wraps what its connection throws. */
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH)\b/;
const TIMED_OUT = ['TimeoutError', 'RequestTimeout', 'ETIMEDOUT'];

/** Says in one sentence what AWS has refused and what to do; `undefined` for an error of another kind. */
export function describeAwsError(cause: unknown, request: AwsRequest): string | undefined {
  const error = cause as AwsError;
  const { what, action, stage, region } = request;
  const is = (names: readonly string[]) => names.includes(error.name) || names.includes(error.code ?? '');
  if (is(['CredentialsProviderError']) || /could not load credentials/i.test(error.message)) {
    return (
      `No AWS credentials for stage ${stage} were found: sign in with "aws sso login" or "aws configure", and name your ` +
      `profile with AWS_PROFILE (${firstSentence(error)}).`
    );
  }
  if (/region is missing/i.test(error.message)) {
    return `No AWS region for stage ${stage} was found: name it with --region, or set AWS_REGION.`;
  }
  if (is(EXPIRED)) return 'Your AWS credentials have expired: sign in again, such as with "aws sso login".';
  if (is(NOT_ACCEPTED)) {
    return `AWS does not accept your credentials (${error.name}): check AWS_PROFILE and the clock of this machine.`;
  }
  if (is(DENIED)) return `Your AWS credentials may not use ${what}: they need ${action}.`;
  if (is(THROTTLED)) {
    const reason = error.Reason === undefined ? '' : ` (${error.Reason})`;
    return `AWS throttles ${what}${reason}: all its concurrent invocations are in use. Repeat the command in a minute.`;
  }
  const [connectionError] = UNREACHABLE.exec(`${error.code} ${error.message}`) ?? [];
  if (connectionError !== undefined) {
    const where = region === undefined ? '' : ` in region ${region}`;
    return `AWS${where} cannot be reached (${connectionError}): check the name of the region and your network.`;
  }
  if (is(TIMED_OUT)) return `AWS did not answer for ${what} in time: repeat the command.`;
  return undefined;
}

function firstSentence({ message }: Error): string {
  return message.split(/[.\n]/)[0] ?? message;
}
