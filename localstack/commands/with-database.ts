import pg from 'pg';

/** Connects to a database during `work`. */
export async function withDatabase<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
  connectionTimeoutMs = 30_000,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectionTimeoutMs });
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}
