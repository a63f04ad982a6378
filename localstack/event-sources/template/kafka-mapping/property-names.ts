/** The properties of a mapping for Kafka. */
export const knownProperties = new Set([
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

/** Properties that CloudFormation changes by replacing the mapping. */
export const createOnlyProperties = [
  'AmazonManagedKafkaEventSourceConfig',
  'EventSourceArn',
  'SelfManagedEventSource',
  'SelfManagedKafkaEventSourceConfig',
  'StartingPosition',
  'StartingPositionTimestamp',
  'Topics',
];

/** Properties of mappings for other sources, with the names of these sources. */
export const propertiesOfOtherSources: Record<string, string> = {
  ParallelizationFactor: 'Kinesis and DynamoDB streams',
  TumblingWindowInSeconds: 'Kinesis and DynamoDB streams',
  Queues: 'Amazon MQ',
  ScalingConfig: 'SQS',
  DocumentDBEventSourceConfig: 'DocumentDB',
};

/** Types of SourceAccessConfigurations that each kind of cluster accepts. */
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
    'OAUTHBEARER_AUTH',
    'OAUTHBEARER_SCOPE',
    'OAUTHBEARER_AUDIENCE',
    'OAUTHBEARER_LOGICAL_CLUSTER',
    'OAUTHBEARER_IDENTITY_POOL',
    'IAM_AUTH',
    'IAM_OAUTHBEARER_AUTH',
  ],
};
