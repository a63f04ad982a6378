import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type BucketRun, withBucket } from '../../support/event-sources/bucket-run.ts';
import { eventually } from '../../support/eventually.ts';

jest.setTimeout(300_000);

/** Puts one more object and waits for its event, after which the events of earlier objects are known. */
async function last(run: BucketRun, key = 'last'): Promise<void> {
  await run.put(key);
  await eventually(() => run.keys.includes(key));
}

describe('Buckets', () => {
  test('[documented] S3 event: one record an invocation, with size, eTag, sequencer and the true key', () =>
    withBucket(undefined, async (run) => {
      await run.start();
      await run.put('in/a.csv', '123');
      await run.put('in/b.csv', '4567');
      await eventually(() => run.fn.invocations.length === 2);
      expect(run.records).toHaveLength(2);
      const record = run.records.find(({ s3 }) => s3.object.key === 'in/a.csv');
      expect(record).toMatchObject({
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        eventName: 'ObjectCreated:Put',
        s3: {
          s3SchemaVersion: '1.0',
          bucket: { name: run.bucket, arn: `arn:aws:s3:::${run.bucket}` },
          object: { key: 'in/a.csv', size: 3, eTag: '202cb962ac59075b964b07152d234b70' },
        },
      });
      expect(record?.s3.object.sequencer).toMatch(/^[0-9A-F]{16,}$/);
    }));

  test('[documented] S3 event: the key "a b/ü+.txt" arrives as a+b/%C3%BC%2B.txt', () =>
    withBucket(undefined, async (run) => {
      await run.start();
      await run.put('a b/ü+.txt');
      await eventually(() => run.records.length === 1);
      expect(run.records[0]?.s3.object.key).toBe('a+b/%C3%BC%2B.txt');
      expect(run.keys).toEqual(['a b/ü+.txt']);
    }));

  test('[documented] S3 event: an overwritten key is a new event with a greater sequencer', () =>
    withBucket(undefined, async (run) => {
      await run.start();
      for (const [index, body] of ['one', 'two', 'three'].entries()) {
        await run.put('same.csv', body);
        await eventually(() => run.records.length === index + 1);
      }
      const sequencers = run.records.map(({ s3 }) => s3.object.sequencer);
      expect([...sequencers].sort()).toEqual(sequencers);
      expect(new Set(sequencers).size).toBe(3);
      expect(new Set(run.records.map(({ s3 }) => s3.object.eTag)).size).toBe(3);
    }));

  test('[goal] 1,200 objects put in one burst, with any keys, become one event each', () =>
    withBucket(undefined, async (run) => {
      await run.start();
      const starts = ['a/', 'a//', '/a/', './', 'ü ', '部門/', '\u{1F600}', 'x+%26'];
      const keys = Array.from({ length: 1_200 }, (_, index) => `${starts[index % starts.length]}${index}.csv`);
      for (let start = 0; start < keys.length; start += 50) {
        await Promise.all(keys.slice(start, start + 50).map((key) => run.put(key)));
      }
      await eventually(() => run.fn.invocations.length >= keys.length, { withinMs: 120_000 });
      await last(run);
      expect(run.keys.sort()).toEqual([...keys, 'last'].sort());
    }));

  test('[goal] the same content put again is another event', () =>
    withBucket(undefined, async (run) => {
      await run.start();
      for (const count of [1, 2, 3]) {
        await run.put('same.csv', 'same');
        await eventually(() => run.records.length === count);
      }
      expect(new Set(run.records.map(({ s3 }) => s3.object.sequencer)).size).toBe(3);
    }));

  test('[documented] S3 filters: prefix and suffix apply to the encoded key', () => {
    const rules = (event: string, prefix: string, suffix: string) => ({
      Event: event,
      Filter: {
        S3Key: {
          Rules: [
            { Name: 'prefix', Value: prefix },
            { Name: 'suffix', Value: suffix },
          ],
        },
      },
    });
    return withBucket(
      [rules('s3:ObjectCreated:*', 'in+here/', '%2B.csv'), rules('s3:ObjectCreated:Put', 'last', '')],
      async (run) => {
        await run.start();
        for (const key of ['in here/a+.csv', 'in here/a.csv', 'in here/a+.CSV', 'a+.csv', 'in+here/a+.csv']) {
          await run.put(key);
        }
        await last(run);
        await eventually(() => run.keys.length === 2);
        expect(run.keys.sort()).toEqual(['in here/a+.csv', 'last']);
      },
    );
  });

  test('[documented] S3 event names: Copy, CompleteMultipartUpload and Delete match the configured events', () =>
    withBucket(
      [
        { Events: ['s3:ObjectCreated:CompleteMultipartUpload', 's3:ObjectCreated:Copy'] },
        { Event: 's3:ObjectRemoved:*' },
      ],
      async (run) => {
        await run.start();
        await run.put('single.csv');
        const object = { Bucket: run.bucket, Key: 'parts.csv' };
        const { UploadId } = await run.client.send(new CreateMultipartUploadCommand(object));
        const part = await run.client.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: 'x' }));
        await run.client.send(
          new CompleteMultipartUploadCommand({
            ...object,
            UploadId,
            MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] },
          }),
        );
        await eventually(() => run.records.length === 1);
        await run.client.send(new DeleteObjectCommand(object));
        await eventually(() => run.records.length === 2);
        const copy = { Bucket: run.bucket, CopySource: `${run.bucket}/single.csv`, Key: 'copy.csv' };
        await run.client.send(new CopyObjectCommand(copy));
        await eventually(() => run.records.length === 3);
        expect(run.records.map(({ eventName, s3 }) => `${eventName} ${s3.object.key}`)).toEqual([
          'ObjectCreated:CompleteMultipartUpload parts.csv',
          'ObjectRemoved:Delete parts.csv',
          'ObjectCreated:Copy copy.csv',
        ]);
        expect(run.records[1]?.s3.object).not.toHaveProperty('size');
      },
    ));

  test('[goal] objects that were put before the first start or during a stop become events, each once', () =>
    withBucket(undefined, async (run) => {
      await run.put('before');
      await run.start();
      await eventually(() => run.keys.includes('before'));
      await run.stop();
      await run.put('meanwhile');
      await run.put('before', 'and again');
      await run.start();
      await last(run);
      await eventually(() => run.keys.length >= 4);
      expect(run.keys.sort()).toEqual(['before', 'before', 'last', 'meanwhile']);
    }));

  test('[documented] asynchronous invocation: an object event is attempted three times, also over a restart', () =>
    withBucket(
      undefined,
      async (run) => {
        run.fn.respond = () => ({ functionError: 'Unhandled', body: '{"errorMessage":"no"}' });
        await run.start();
        await run.put('bad.csv');
        await eventually(() => run.fn.invocations.length === 3);
        await run.stop();
        expect(new Set(run.fn.invocations.map(({ payload }) => payload)).size).toBe(1);
        await run.start();
        await last(run);
        expect(run.keys.filter((key) => key === 'bad.csv')).toHaveLength(3);
      },
      { asyncRetryDelaysMs: [20] },
    ));

  test('[goal] kill -9 at any moment loses no event', () =>
    withBucket(undefined, async (run) => {
      const put: string[] = [];
      const spawned = async (): Promise<ReturnType<typeof spawn>> => {
        const task = JSON.stringify({ template: run.template, options: run.options });
        const child = spawn(
          process.execPath,
          [join(import.meta.dirname, '..', '..', 'support', 'event-sources', 'killed-bucket-source.ts'), task],
          { stdio: ['ignore', 'pipe', 'inherit'] },
        );
        await once(child.stdout as NodeJS.ReadableStream, 'data');
        return child;
      };
      // Each round kills the process at another moment between listing, queue, journal and invocation.
      for (let round = 0; round < 4; round++) {
        const child = await spawned();
        const seen = run.fn.invocations.length;
        const writing = (async () => {
          for (let index = 0; index < 40; index++) {
            const key = `round-${round}/${index}`;
            await run.put(key);
            put.push(key);
          }
        })();
        await eventually(() => run.fn.invocations.length > seen + 3 * round);
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
        await writing;
      }
      await run.start();
      const isToldOf = () => {
        const told = new Set(run.keys);
        return put.every((key) => told.has(key));
      };
      await eventually(isToldOf, { withinMs: 120_000 });
      // The journal only has objects whose events were queued, so an empty queue means that all were delivered.
      const queued = async () => (await readdir(join(run.directory, 'queue'))).filter((name) => name.endsWith('.json'));
      await eventually(async () => (await queued()).length === 0);
      await run.stop();
      const journal = (await readFile(join(run.directory, 's3', `${run.bucket}.jsonl`), 'utf8')).trim().split('\n');
      expect(journal).toHaveLength(put.length);
    }));
});
