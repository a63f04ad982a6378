import { devNull } from 'node:os';

/** Variables that redirect or configure the AWS SDK, `pg` and Kafka's tools, for servers other than those of the stack. */
const CLIENT_VARIABLE = /^(AWS_|KAFKA_|PG[A-Z]+$)/;
const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

/**
 * Removes from the environment of this process what redirects clients of the stack's servers, in place. Call it before
 * clients are created.
 *
 * The AWS SDK also reads `~/.aws/config`, where a profile may set `endpoint_url` or `use_fips_endpoint`. With
 * `NODE_USE_ENV_PROXY`, `fetch` would send requests to loopback addresses to the proxy.
 */
export function isolateClients(env: Record<string, string | undefined> = process.env): void {
  for (const name of Object.keys(env)) if (CLIENT_VARIABLE.test(name)) delete env[name];
  env['AWS_CONFIG_FILE'] = devNull;
  env['AWS_SHARED_CREDENTIALS_FILE'] = devNull;
  const excluded = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(',').filter((host) => host.trim() !== '');
  const noProxy = [...new Set([...excluded, ...LOOPBACK])].join(',');
  env['no_proxy'] = noProxy;
  env['NO_PROXY'] = noProxy;
}
