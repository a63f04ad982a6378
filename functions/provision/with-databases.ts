interface Opened {
  close(): Promise<void>;
}

/**
 * Opens the two databases for one attempt, and closes them afterwards, also the one that was opened when the other was not.
 * The next attempt signs in from the beginning: what the server demands may differ, because an attempt that created roles
 * makes the owner a member of `rds_iam`.
 */
export async function withDatabases<Database extends Opened, Result>(
  openSource: () => Promise<Database>,
  openTarget: () => Promise<Database>,
  work: (source: Database, target: Database) => Promise<Result>,
): Promise<Result> {
  const opening = [openSource(), openTarget()] as const;
  const outcomes = await Promise.allSettled(opening);
  try {
    const [source, target] = await Promise.all(opening);
    return await work(source, target);
  } finally {
    await Promise.all(outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value.close()));
  }
}
