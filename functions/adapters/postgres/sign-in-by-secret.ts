import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SignIn } from './sign-in.ts';

/**
 * Signs in with a Secrets Manager secret that holds `{"username", "password"}`. Reads the password for each new connection,
 * because Secrets Manager rotates it.
 */
export async function signInBySecret(secretArn: string): Promise<SignIn> {
  const secrets = new SecretsManagerClient({});
  const { username } = await readSecret(secrets, secretArn);
  return { user: username, password: async () => (await readSecret(secrets, secretArn)).password };
}

async function readSecret(
  secrets: SecretsManagerClient,
  secretArn: string,
): Promise<{ username: string; password: string }> {
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
  const { username, password } = parseSecret(SecretString);
  if (username && password) return { username, password };
  throw new Error(
    `expected secret ${secretArn} to hold {"username", "password"} as JSON, got another content; correct the secret`,
  );
}

/** Drops the parser's error, because it quotes the secret. */
function parseSecret(text: string | undefined): { username?: string; password?: string } {
  try {
    return JSON.parse(text ?? '{}') as { username?: string; password?: string };
  } catch {
    return {};
  }
}
