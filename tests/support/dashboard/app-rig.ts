import { join } from 'node:path';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import { createApp } from '../../../functions/dashboard/app.ts';
import { type Assets, loadAssets } from '../../../functions/dashboard/assets.ts';
import { Judge } from '../../../functions/dashboard/judge.ts';
import type { DashboardState } from '../../../functions/ports/dashboard-state.ts';
import type { DeadLetterFilter, LedgerEntry } from '../../../functions/ports/dead-letter-ledger.ts';
import { RecordingLogger } from '../recording-logger.ts';
import { exampleDeadLetter, exampleState } from './example-state.ts';

const ROOT = join(__dirname, '../../..');

export const HOST = '127.0.0.1:3000';
export const NOW = new Date('2026-11-26T08:00:00Z');

/** Loaded once for all tests of a file. */
let pageAssets: Promise<Assets> | undefined;

function loadPageAssets(): Promise<Assets> {
  const folder = join(ROOT, 'functions/dashboard/assets');
  return loadAssets({
    style: join(folder, 'page.css'),
    script: join(folder, 'page.js'),
    htmx: join(ROOT, 'node_modules/htmx.org/dist/htmx.min.js'),
    iconWell: join(folder, 'icon-well.svg'),
    iconAttention: join(folder, 'icon-attention.svg'),
  });
}

interface RequestOptions extends RequestInit {
  readonly host?: string;
}

/** The page with a state, a ledger and functions that a test sets. */
export class AppRig {
  readonly assets: Assets;
  readonly logger = new RecordingLogger();
  state: DashboardState = exampleState(NOW);
  /** What files were searched for, and dead letters filtered by. */
  readonly searched: string[] = [];
  readonly filters: DeadLetterFilter[] = [];
  /** What the functions redrive and verify-replica were asked to do. */
  readonly actions: (readonly [name: string, event: object])[] = [];
  /** What redrive answers. */
  answer: unknown = { counts: [], redrive: null };
  /** The only one of the ledger. */
  deadLetter: LedgerEntry = exampleDeadLetter(NOW);
  /** Its record. */
  readRecord: () => Promise<Buffer | null> = async () => null;
  /** Waiting is over when the test says so. */
  sleep: (ms: number) => Promise<void> = () => new Promise(() => {});
  findFiles: () => Promise<readonly []> = async () => [];

  private constructor(assets: Assets) {
    this.assets = assets;
  }

  static async create(): Promise<AppRig> {
    pageAssets ??= loadPageAssets();
    return new AppRig(await pageAssets);
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<string> {
    return (await this.request(path, { headers })).text();
  }

  /** An action that was chosen on the page. */
  post(path: string, fields: Record<string, string> = {}): Promise<Response> {
    const headers = { 'sec-fetch-site': 'same-origin', origin: `http://${HOST}` };
    const body = new URLSearchParams(fields).toString();
    return this.request(path, {
      ...{ method: 'POST', body },
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    });
  }

  async request(path: string, { host = HOST, ...init }: RequestOptions = {}): Promise<Response> {
    const headers = { host, ...(init.headers as Record<string, string>) };
    const bindings = { requestContext: { domainName: HOST } };
    return this.app().fetch(new Request(`http://${HOST}${path}`, { ...init, headers }), bindings);
  }

  /** With what the test has set until a request comes. */
  app() {
    return createApp({
      ...{ stage: 'local', assets: this.assets, judge: new Judge(), logger: this.logger },
      clock: { sleep: (ms) => this.sleep(ms) },
      state: { read: async () => this.state },
      salaries: {
        findFiles: async (key) => {
          this.searched.push(key);
          return this.findFiles();
        },
      },
      deadLetters: {
        list: async (filter) => {
          this.filters.push(filter);
          return [this.deadLetter];
        },
        find: async (id) => (id === this.deadLetter.id ? this.deadLetter : null),
      },
      records: {
        read: async (topic, partition, [offset]): Promise<KafkaRecord[]> => {
          const value = await this.readRecord();
          return value === null ? [] : [{ topic, partition, offset: String(offset), timestampMs: 0, key: null, value }];
        },
      },
      redrive: {
        call: async (event) => {
          this.actions.push(['redrive', event]);
          return this.answer;
        },
      },
      redriveRun: { invokeAsync: async (event) => void this.actions.push(['redrive, not awaited', event]) },
      verify: { invokeAsync: async (event) => void this.actions.push(['verify-replica', event]) },
    });
  }
}
