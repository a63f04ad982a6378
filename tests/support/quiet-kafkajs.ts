import { silenceNegativeTimeoutWarning } from '../../localstack/event-sources/kafka/kafkajs-internals.ts';

/** Runs before each test file: its own Kafka clients would make Node print a warning that says nothing about the test. */
silenceNegativeTimeoutWarning();
