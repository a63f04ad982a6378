import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const CENTRAL = 'https://repo.maven.apache.org/maven2';
const MAX_REDIRECTS = 5;
const MAX_ATTEMPTS = 3;
const RETRY_DELAY_MS = 1_000;
/** A connection that receives no byte for this long is closed. */
const IDLE_TIMEOUT_MS = 30_000;

/** A file of a Maven repository. */
export interface LockedFile {
  /** Relative to the repository, such as `org/apache/kafka/kafka_2.13/4.3.1/kafka_2.13-4.3.1.jar`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Where this user's Maven would get files: its local repository, and the mirror of Maven Central or Central itself. */
export interface MavenRepository {
  readonly localDirectory: string;
  readonly url: string;
}

/** Reads `~/.m2/settings.xml`. */
export function findMavenRepository(settingsPath = join(homedir(), '.m2', 'settings.xml')): MavenRepository {
  const text = existsSync(settingsPath) ? readFileSync(settingsPath, 'utf8') : '';
  const settings = text.replace(/<!--[\s\S]*?-->/g, '');
  const mirrors = [...settings.matchAll(/<mirror>([\s\S]*?)<\/mirror>/g)].map(([, mirror = '']) => mirror);
  const mirror = mirrors.find((candidate) => mirrorsCentral(element(candidate, 'mirrorOf') ?? ''));
  const url = mirror === undefined ? undefined : element(mirror, 'url');
  return {
    localDirectory: element(settings, 'localRepository') ?? join(homedir(), '.m2', 'repository'),
    url: (url ?? CENTRAL).replace(/\/+$/, ''),
  };
}

function element(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>\\s*([^<]*?)\\s*</${name}>`).exec(xml)?.[1];
  const value = text
    ?.replaceAll('&amp;', '&')
    .replaceAll(/\$\{user\.home\}/g, homedir())
    .replaceAll(/\$\{env\.(\w+)\}/g, (_, variable: string) => process.env[variable] ?? '');
  return value === '' ? undefined : value;
}

function mirrorsCentral(mirrorOf: string): boolean {
  const names = mirrorOf.split(',').map((name) => name.trim());
  if (names.includes('!central')) return false;
  return names.some((name) => ['central', '*', 'external:*'].includes(name));
}

/** Fetches one file, from the local repository when it has it. @throws when its checksum is wrong, or after retries. */
export async function fetchFile(
  file: LockedFile,
  target: string,
  { repository, signal }: { readonly repository: MavenRepository; readonly signal: AbortSignal },
): Promise<void> {
  const local = await readFile(join(repository.localDirectory, file.path)).catch(() => undefined);
  if (local !== undefined && sha256(local) === file.sha256) return writeFile(target, local);
  const url = `${repository.url}/${file.path}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const content = await downloadFile(url, signal);
      const found = sha256(content);
      if (found === file.sha256) return await writeFile(target, content);
      throw new Error(`expected the SHA-256 ${file.sha256}, but found ${found}`);
    } catch (cause) {
      signal.throwIfAborted();
      if (attempt === MAX_ATTEMPTS) throw new Error(`${url}: ${(cause as Error).message}`, { cause });
      await delay(RETRY_DELAY_MS * attempt, undefined, { signal });
    }
  }
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Uses the proxies of `HTTPS_PROXY` and `HTTP_PROXY`, if any. */
async function downloadFile(url: string, signal: AbortSignal, redirects = 0): Promise<Buffer> {
  const response = await request(url, signal);
  const { statusCode = 0, headers } = response;
  if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined && redirects < MAX_REDIRECTS) {
    response.resume();
    return downloadFile(new URL(headers.location, url).href, signal, redirects + 1);
  }
  if (statusCode !== 200) {
    response.resume();
    throw new Error(`expected status 200, but found ${statusCode}`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function request(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  const isHttps = url.startsWith('https:');
  const options = { proxyEnv: process.env };
  const agent = isHttps ? new HttpsAgent(options) : new HttpAgent(options);
  return new Promise((resolve, reject) => {
    const sent = (isHttps ? httpsGet : httpGet)(url, { agent, signal, timeout: IDLE_TIMEOUT_MS }, resolve);
    sent.once('error', reject);
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${IDLE_TIMEOUT_MS / 1000} s`)));
  });
}
