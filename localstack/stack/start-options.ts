import { parseArgs } from 'node:util';
import type { S3ServerKind } from './servers/stack-servers.ts';
import { DEFAULT_DIRECTORY } from './user-path.ts';

export interface StartOptions {
  readonly directory: string;
  readonly ports: 'default' | 'free';
  readonly s3: S3ServerKind;
  readonly fresh: boolean;
  readonly docker: boolean;
}

export const usage = `npm start [-- OPTIONS]
  --fresh            delete the data of earlier runs first
  --s3 minio         use MinIO as the S3 server, which keeps versions, instead of the built-in one
  --docker           run the servers in containers instead of natively
  --ports free       use any free ports instead of the default ones
  --directory DIR    keep data, logs and endpoints.json in DIR (default: .localstack)`;

/** @returns undefined for `--help`. @throws with what is wrong when an option is unknown or has an invalid value. */
export function parseStartOptions(args: readonly string[]): StartOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      fresh: { type: 'boolean', default: false },
      docker: { type: 'boolean', default: false },
      s3: { type: 'string', default: 'builtin' },
      ports: { type: 'string', default: 'default' },
      directory: { type: 'string', default: DEFAULT_DIRECTORY },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { fresh, docker, directory } = values;
  const s3 = oneOf('--s3', ['builtin', 'minio'], values.s3);
  const ports = oneOf('--ports', ['default', 'free'], values.ports);
  if (docker && (s3 === 'minio' || ports === 'free')) {
    throw new Error('--docker always uses MinIO and the default ports: leave out --s3 and --ports.');
  }
  return { fresh, docker, s3, ports, directory };
}

function oneOf<Choice extends string>(option: string, choices: readonly Choice[], value: string): Choice {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new Error(`Expected ${option} to be ${choices.join(' or ')}, but found "${value}".`);
  return choice;
}
