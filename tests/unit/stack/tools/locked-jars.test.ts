import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { digestPom, fetchLockedJars, readJarLock } from '../../../../localstack/stack/tools/locked-jars.ts';
import { findMavenRepository } from '../../../../localstack/stack/tools/maven-repository.ts';

const SERVERS = join(__dirname, '../../../../localstack/stack/servers');
const lockedPoms = ['kafka', 'dynamodb'].map((name) => join(SERVERS, name, 'pom.xml'));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'locked-jars-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the lock files', () => {
  it.each(lockedPoms)('are those of %s; otherwise run "npm run lock:jars"', async (pomPath) => {
    const lock = await readJarLock(pomPath);
    expect(lock?.files.length).toBeGreaterThan(40);
    const names = lock?.files.map(({ path }) => path.split('/').at(-1));
    expect(new Set(names).size).toBe(names?.length);
  });

  it.each(lockedPoms)('are valid for %s with CRLF too', async (pomPath) => {
    cpSync(dirname(pomPath), root, { recursive: true });
    const copy = join(root, 'pom.xml');
    writeFileSync(copy, readFileSync(pomPath, 'utf8').replaceAll('\n', '\r\n'));
    expect(await digestPom(copy)).toBe(await digestPom(pomPath));
    expect(await readJarLock(copy)).toBeDefined();
  });

  it('are not used for a pom.xml that was changed', async () => {
    cpSync(dirname(lockedPoms[0] ?? ''), root, { recursive: true });
    const copy = join(root, 'pom.xml');
    writeFileSync(copy, readFileSync(copy, 'utf8').replace('</project>', '<!-- edited --></project>'));
    expect(await readJarLock(copy)).toBeUndefined();
  });
});

describe('fetchLockedJars', () => {
  let server: Server;
  let url: string;
  let requests: string[];
  const context = { name: 'example', signal: new AbortController().signal, onNotice: () => {} };
  const lockOf = (...paths: string[]) => ({
    pom: '',
    files: paths.map((path) => ({
      path,
      bytes: 1,
      sha256: createHash('sha256').update(`content of /${path}`).digest('hex'),
    })),
  });

  beforeEach(async () => {
    requests = [];
    server = createServer(({ url: path = '' }, response) => {
      requests.push(path);
      if (path.startsWith('/moved/')) response.writeHead(302, { location: path.slice('/moved'.length) }).end();
      else if (path.includes('absent')) response.writeHead(404).end();
      else response.end(path.includes('damaged') ? 'something else' : `content of ${path}`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const fetchJars = (lock: ReturnType<typeof lockOf>, base = url) =>
    fetchLockedJars(lock, join(root, 'jars'), context, { localDirectory: join(root, 'local'), url: base });

  it('downloads each file once, into one directory', async () => {
    const paths = Array.from({ length: 20 }, (_, index) => `group/${index}.jar`);
    await fetchJars(lockOf(...paths));
    expect(readdirSync(join(root, 'jars'))).toHaveLength(20);
    expect(readFileSync(join(root, 'jars', '7.jar'), 'utf8')).toBe('content of /group/7.jar');
    expect(requests).toHaveLength(20);
  });

  it('follows redirects, as mirrors send them', async () => {
    await fetchJars(lockOf('a.jar'), `${url}/moved`);
    expect(readFileSync(join(root, 'jars', 'a.jar'), 'utf8')).toBe('content of /a.jar');
  });

  it('copies a file that the local repository of Maven has, unless that one is damaged', async () => {
    mkdirSync(join(root, 'local'));
    writeFileSync(join(root, 'local', 'a.jar'), 'content of /a.jar');
    writeFileSync(join(root, 'local', 'b.jar'), 'half of');
    await fetchJars(lockOf('a.jar', 'b.jar'));
    expect(requests).toEqual(['/b.jar']);
    expect(readFileSync(join(root, 'jars', 'b.jar'), 'utf8')).toBe('content of /b.jar');
  });

  it('refuses a file with another checksum, after retries', async () => {
    await expect(fetchJars(lockOf('damaged.jar'))).rejects.toThrow(/damaged\.jar: expected the SHA-256/);
    expect(requests).toHaveLength(3);
  });

  it('fails with the address of a file that the repository does not have', async () => {
    await expect(fetchJars(lockOf('absent.jar'))).rejects.toThrow(
      `${url}/absent.jar: expected status 200, but found 404`,
    );
  });
});

describe('findMavenRepository', () => {
  const find = (settings: string) => {
    writeFileSync(join(root, 'settings.xml'), settings);
    return findMavenRepository(join(root, 'settings.xml'));
  };
  const mirror = (of: string) =>
    `<settings><mirrors><mirror><id>m</id><mirrorOf>${of}</mirrorOf><url> https://mirror.example/m2/ </url></mirror></mirrors></settings>`;

  it('is Maven Central without settings', () => {
    expect(findMavenRepository(join(root, 'absent.xml')).url).toBe('https://repo.maven.apache.org/maven2');
  });

  it.each(['central', '*', 'external:*', 'other, central'])('is the mirror of %s', (of) => {
    expect(find(mirror(of)).url).toBe('https://mirror.example/m2');
  });

  it.each(['other', '*,!central'])('is Maven Central beside a mirror of %s', (of) => {
    expect(find(mirror(of)).url).toBe('https://repo.maven.apache.org/maven2');
  });

  it('ignores what is commented out', () => {
    expect(find(`<settings><!-- ${mirror('*')} --></settings>`).url).toBe('https://repo.maven.apache.org/maven2');
  });

  it('has the local repository of the settings', () => {
    expect(find('<settings><localRepository>/repo &amp; more</localRepository></settings>').localDirectory).toBe(
      '/repo & more',
    );
  });
});
