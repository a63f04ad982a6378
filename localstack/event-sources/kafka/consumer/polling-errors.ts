import { type Logger, reasonOf } from '../../logger.ts';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import type { Standstills } from '../../standstill/standstills.ts';

/** Errors of a broker while the group's coordinator is starting. They need no correction. */
const COORDINATOR_STARTING = /coordinator is (loading|not available)|not the correct coordinator/;
const MAX_COORDINATOR_START_MS = 10_000;

/** Logs why a mapping is not polling: a new reason at once, and as a standstill while it lasts. */
export class PollingErrorLog {
  readonly #mapping: KafkaMapping;
  readonly #log: Logger;
  readonly #standstills: Pick<Standstills, 'report' | 'clear'>;
  #lastReason = '';
  #coordinatorStartingSince: number | undefined;

  constructor(mapping: KafkaMapping, log: Logger, standstills: Pick<Standstills, 'report' | 'clear'>) {
    this.#mapping = mapping;
    this.#log = log;
    this.#standstills = standstills;
  }

  /** The mapping polls. */
  clear(): void {
    this.#lastReason = '';
    this.#coordinatorStartingSince = undefined;
    this.#standstills.clear(sourceTitle(this.#mapping));
  }

  report(error: unknown): void {
    const { property, reason } = explain(error, this.#mapping);
    const now = performance.now();
    if (COORDINATOR_STARTING.test(reason)) {
      this.#coordinatorStartingSince ??= now;
      if (now - this.#coordinatorStartingSince < MAX_COORDINATOR_START_MS) return;
    } else {
      this.#coordinatorStartingSince = undefined;
    }
    this.#standstills.report(sourceTitle(this.#mapping), reason);
    if (reason === this.#lastReason) return;
    this.#lastReason = reason;
    this.#log.warn('not polling; retrying until it works', {
      mapping: this.#mapping.id,
      function: this.#mapping.function.name,
      property,
      topic: this.#mapping.topic,
      brokers: this.#mapping.brokers,
      reason,
    });
  }
}

/** Names the event source in logs and metrics. */
export function sourceTitle({ id, function: { name } }: KafkaMapping): string {
  return `event source ${id} of ${name}`;
}

interface Explanation {
  /** The property to check. */
  readonly property: string;
  /** What is wrong, what to do, and what AWS shows. */
  readonly reason: string;
}

const CONNECTION_ERROR =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET|Connection (error|timeout|lost)|[Cc]losed connection/;

function explain(error: unknown, { topic, brokers, consumerGroupId }: KafkaMapping): Explanation {
  const type = (error as { type?: string } | null)?.type;
  const reason = reasonOf(error);
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION' || /does not host this topic/.test(reason)) {
    const broker = brokers[0] ?? 'BROKER';
    const commands = `"kafka-topics.sh --bootstrap-server ${broker} --create --topic ${topic}" or "npx event-sources-send --brokers ${broker} --topic ${topic}"`;
    const advice = `create it with ${commands}, or correct Topics (AWS: PROBLEM, topic not found)`;
    return { property: 'Topics', reason: `topic ${topic} does not exist on the cluster: ${advice}` };
  }
  if (type === 'INCONSISTENT_GROUP_PROTOCOL') {
    const advice =
      'let them offer range, roundrobin, sticky or cooperative-sticky (partition.assignment.strategy), or set another ConsumerGroupId';
    return {
      property: 'ConsumerGroupId',
      reason: `group ${consumerGroupId} has members with none of the mapping's assignors: ${advice}`,
    };
  }
  if (/SASL|authentication/i.test(reason)) {
    const advice = 'correct custom.eventSources.kafka.sasl (AWS: SASL authentication failed)';
    return {
      property: 'SourceAccessConfigurations',
      reason: `the broker rejects the credentials: ${advice}: ${reason}`,
    };
  }
  if (/authoriz/i.test(reason)) {
    const advice = `allow reading topic ${topic} and group ${consumerGroupId} (AWS: Cluster failed to authorize Lambda)`;
    return { property: 'SourceAccessConfigurations', reason: `the broker denies access: ${advice}: ${reason}` };
  }
  if (CONNECTION_ERROR.test(reason)) {
    const advice = 'start it, or correct custom.eventSources.brokers (AWS: PROBLEM, connection error)';
    return { property: 'brokers', reason: `no broker answers: ${advice}: ${reason}` };
  }
  return { property: 'Topics', reason };
}
