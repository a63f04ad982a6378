import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '../process/managed-process.ts';
import type { PrepareContext, Server } from '../process/server.ts';
import { findJava, SMALL_JVM } from '../tools/java.ts';
import { resolveJars } from '../tools/maven-jars.ts';
import { pomFiles } from './pom-files.ts';

const jettyPath = join(import.meta.dirname, 'dynamodb', 'jetty.xml');
/** Relative to the working directory, because Jetty reads a path as a URL, and one with an equals sign as a property. */
const JETTY = 'jetty.xml';

/** DynamoDB Local with its data on disk. It ignores credentials and regions. */
export class DynamoDbServer implements Server {
  readonly name = 'dynamodb';
  readonly title = 'DynamoDB';
  readonly #directory: string;
  readonly #port: number;

  constructor(options: { directory: string; port: number }) {
    this.#directory = join(options.directory, 'dynamodb');
    this.#port = options.port;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async prepare(context: PrepareContext): Promise<Command> {
    const [java, jars] = await Promise.all([
      findJava(context.signal),
      resolveJars('dynamodb', pomFiles.dynamodb, context),
    ]);
    await mkdir(this.#directory, { recursive: true });
    await copyFile(jettyPath, join(this.#directory, JETTY));
    return {
      file: java,
      args: [
        ...['-Xms32m', '-Xmx192m', ...SMALL_JVM],
        ...[`-Djava.library.path=${jars}`, '-cp', join(jars, '*'), 'org.eclipse.jetty.xml.XmlConfiguration'],
        ...[`stack.port=${this.#port}`, 'stack.directory=.', JETTY],
      ],
      cwd: this.#directory,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 5_000,
    };
  }

  async probe(signal: AbortSignal): Promise<void> {
    const response = await fetch(this.address, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.ListTables',
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: '{}',
      signal,
    });
    const body = await response.text();
    if (!response.ok) throw new Error(`ListTables failed with status ${response.status}: ${body}`);
  }
}
