/** The attribute of a record that is validated with its schema. */
export type ValidatedAttribute = 'key' | 'value';

/** A registry with Confluent's HTTP API, whose schemas the records of a mapping are validated with. */
export interface SchemaRegistry {
  readonly url: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  /** What the function gets: the decoded record as JSON, or its bytes without the id of the schema. */
  readonly eventRecordFormat: 'JSON' | 'SOURCE';
  readonly validates: readonly ValidatedAttribute[];
}
