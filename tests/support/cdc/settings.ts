/** The resources and settings of one pipeline under test. Passed to processes as JSON. */
export interface CdcSettings {
  readonly sourceUrl: string;
  readonly targetUrl: string;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly deadLetterTopic: string;
  readonly dynamodbEndpoint: string;
  readonly offsetTable: string;
  readonly rules: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly captureLookMs: number;
}
