import { Signer } from '@aws-sdk/rds-signer';
import { parseIntoClientConfig } from 'pg-connection-string';
import type { SignIn } from './sign-in.ts';

interface TokenSettings {
  readonly url: string;
  readonly user: string | undefined;
  readonly region: string | undefined;
}

/**
 * Signs in to RDS by IAM: the password is a token that the function's own role signs, for each new connection, because it
 * is valid for 15 minutes only. Signing sends nothing. The policy of the role must allow `rds-db:connect` for the user.
 */
export function signInByToken({ url, user: role, region }: TokenSettings): SignIn {
  const { host, port, user: urlUser } = parseIntoClientConfig(url);
  const user = role ?? urlUser;
  if (!host || !user || region === undefined) {
    throw new TypeError(
      `expected a host, a user and a region to sign in to RDS with IAM, got ${host}, ${user} and ${region}`,
    );
  }
  const signer = new Signer({ hostname: host, port: port ?? 5432, username: user, region });
  return { user, password: () => signer.getAuthToken() };
}
