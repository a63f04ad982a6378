/** Every property that a mapping for Kafka may have. */
export const known = new Set([
  'AmazonManagedKafkaEventSourceConfig',
  'BatchSize',
  'BisectBatchOnFunctionError',
  'DestinationConfig',
  'Enabled',
  'EventSourceArn',
  'FilterCriteria',
  'FunctionName',
  'FunctionResponseTypes',
  'KmsKeyArn',
  'LoggingConfig',
  'MaximumBatchingWindowInSeconds',
  'MaximumRecordAgeInSeconds',
  'MaximumRetryAttempts',
  'MetricsConfig',
  'ProvisionedPollerConfig',
  'SelfManagedEventSource',
  'SelfManagedKafkaEventSourceConfig',
  'SourceAccessConfigurations',
  'StartingPosition',
  'StartingPositionTimestamp',
  'Tags',
  'Topics',
]);

/** Properties that CloudFormation can only change by making a new mapping. */
export const createOnly = [
  'AmazonManagedKafkaEventSourceConfig',
  'EventSourceArn',
  'SelfManagedEventSource',
  'SelfManagedKafkaEventSourceConfig',
  'StartingPosition',
  'StartingPositionTimestamp',
  'Topics',
];

/** Properties of mappings for other sources, with what they are for. */
export const otherSources: Record<string, string> = {
  ParallelizationFactor: 'Kinesis and DynamoDB streams',
  TumblingWindowInSeconds: 'Kinesis and DynamoDB streams',
  Queues: 'Amazon MQ',
  ScalingConfig: 'SQS',
  DocumentDBEventSourceConfig: 'DocumentDB',
};

/** Kinds of SourceAccessConfigurations that each kind of cluster takes. */
export const accessTypes = {
  msk: ['SASL_SCRAM_512_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH'],
  selfManaged: [
    'BASIC_AUTH',
    'SASL_SCRAM_256_AUTH',
    'SASL_SCRAM_512_AUTH',
    'CLIENT_CERTIFICATE_TLS_AUTH',
    'SERVER_ROOT_CA_CERTIFICATE',
    'VPC_SUBNET',
    'VPC_SECURITY_GROUP',
    'OAUTHBEARER_TOKEN_ENDPOINT',
    'OAUTHBEARER_CLIENT_CREDENTIALS',
    'IAM_AUTH',
    'IAM_OAUTHBEARER_AUTH',
  ],
};
