import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { runKafkaTool } from './run-kafka-tool.ts';

/** Neither a key, a header nor a JSON value of this project has it. */
const HEADER_SEPARATOR = '\u0001';

/** The console tools that come with Kafka, as `kafka-console-consumer.sh` and `kafka-console-producer.sh` run them. */
export class KafkaConsole {
  readonly #brokers: readonly string[];

  constructor(brokers: readonly string[]) {
    this.#brokers = brokers;
  }

  /** One record as a line: headers, key and value, divided by tabs. */
  async read({ topic, partition, offset }: { topic: string; partition: number; offset: string }): Promise<string> {
    return this.#run('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      ...['--topic', topic, '--partition', String(partition), '--offset', offset, '--max-messages', '1'],
      ...properties('--formatter-property', {
        ...{ 'print.headers': 'true', 'print.key': 'true', 'headers.separator': HEADER_SEPARATOR },
      }),
    ]);
  }

  /** Publishes a record from a line that `read` has returned. */
  async write(topic: string, line: string): Promise<void> {
    const args = properties('--reader-property', {
      ...{ 'parse.headers': 'true', 'parse.key': 'true', 'headers.separator': HEADER_SEPARATOR },
    });
    await this.#run('org.apache.kafka.tools.ConsoleProducer', ['--topic', topic, ...args], line);
  }

  async #run(mainClass: string, args: readonly string[], input = ''): Promise<string> {
    const child = await runKafkaTool(mainClass, ['--bootstrap-server', this.#brokers.join(','), ...args]);
    child.stdin.end(input);
    const [output, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    if (code !== 0) throw new Error(`Expected exit code 0 of ${mainClass}, found ${code}: ${output}${error}`);
    return output;
  }
}

function properties(option: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);
}
