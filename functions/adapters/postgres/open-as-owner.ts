import { sqlStateOf } from '../../core/classify-error.ts';
import { Database, type DatabaseSettings } from './database.ts';
import { signInBySecret } from './sign-in-by-secret.ts';
import { signInByToken } from './sign-in-by-token.ts';

/** RDS refuses the password of a member of `rds_iam` with "PAM authentication failed". */
const REFUSED = '28000';

/**
 * Opens a database as the master of its RDS server, with the password in a secret, or else with an IAM token.
 *
 * Since PostgreSQL 16, a role that may create roles is a member of each role that it creates. The functions' roles are
 * members of `rds_iam`, so the master is one through them, and RDS demands a token of members.
 */
export async function openAsOwner(
  settings: Omit<DatabaseSettings, 'user' | 'auth' | 'signIn'>,
  secretArn: string | undefined,
): Promise<Database> {
  if (secretArn === undefined) return Database.open(settings);
  const signIn = await signInBySecret(secretArn);
  const database = await Database.open({ ...settings, signIn });
  try {
    await database.query('select');
    return database;
  } catch (error) {
    await database.close();
    if (sqlStateOf(error) !== REFUSED) throw error;
    return Database.open({
      ...settings,
      signIn: signInByToken({ url: settings.url, user: signIn.user, region: settings.region }),
    });
  }
}
