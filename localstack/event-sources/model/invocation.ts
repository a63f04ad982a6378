/** Result of one synchronous invocation. */
export type InvocationOutcome =
  | { readonly kind: 'success'; readonly statusCode: number; readonly body: string; readonly requestId: string }
  | {
      /** The function threw, crashed or timed out. */
      readonly kind: 'functionError';
      readonly statusCode: number;
      readonly functionError: string;
      readonly body: string;
      readonly requestId: string;
    }
  | {
      /** The function did not run, or it is unknown whether it did: throttled, service error, network error, unknown function. */
      readonly kind: 'notInvoked';
      readonly statusCode?: number;
      readonly throttled: boolean;
      readonly reason: string;
      readonly requestId: string;
    };

export interface InvocationRequest {
  readonly functionName: string;
  /** The version or the alias to invoke. Absent: `$LATEST`. */
  readonly qualifier?: string;
  readonly payload: string;
  /** Length of the payload in UTF-8, if the caller has computed it. */
  readonly payloadBytes?: number;
  /** The function's configured timeout; the runtime is expected to enforce it. */
  readonly timeoutSeconds?: number;
}

/** Invokes functions synchronously. Never rejects: each failure is an outcome. Calls may run concurrently. */
export interface Invoker {
  invoke(request: InvocationRequest): Promise<InvocationOutcome>;
}
