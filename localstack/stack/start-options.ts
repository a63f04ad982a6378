import { parseArgs } from 'node:util';

export interface StartOptions {
  readonly directory: string;
  readonly ports: 'default' | 'free';
  readonly s3: 'fauxqs' | 'minio';
  readonly fresh: boolean;
  readonly docker: boolean;
}

export const usage = `npm start [-- OPTIONS]
  --fresh            begin with empty data
  --s3 minio         MinIO as the S3 server instead of fauxqs
  --docker           servers in containers instead of native ones
  --ports free       any free ports instead of the usual ones
  --directory DIR    data, logs and endpoints.json there instead of in .localstack`;

/** @returns undefined when only the usage is asked for. @throws in one line when an option is not as it should be. */
export function parseStartOptions(args: readonly string[]): StartOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      fresh: { type: 'boolean', default: false },
      docker: { type: 'boolean', default: false },
      s3: { type: 'string', default: 'fauxqs' },
      ports: { type: 'string', default: 'default' },
      directory: { type: 'string', default: '.localstack' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { fresh, docker, directory } = values;
  const s3 = oneOf('--s3', ['fauxqs', 'minio'], values.s3);
  const ports = oneOf('--ports', ['default', 'free'], values.ports);
  if (docker && (s3 === 'minio' || ports === 'free')) {
    throw new Error('--docker has MinIO and the usual ports: leave out --s3 and --ports.');
  }
  return { fresh, docker, s3, ports, directory };
}

function oneOf<Choice extends string>(option: string, choices: readonly Choice[], value: string): Choice {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new Error(`${option} is ${choices.join(' or ')}, not "${value}".`);
  return choice;
}
