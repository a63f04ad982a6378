import { stopIdleTimers } from '../../localstack/event-sources/kafka/consumer/patched-kafkajs.ts';

/** Runs before each test file: its own Kafka clients would make Node print a warning that says nothing about the test. */
stopIdleTimers();
