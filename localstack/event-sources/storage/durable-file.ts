import { open, rename } from 'node:fs/promises';

/** Ending of a file that is being written. A file that still has it was left by an interrupted write. */
export const PARTIAL_ENDING = '.part';

/** Replaces the file's content. Resolves once it is on disk; a crash leaves the old content or the new one. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const partial = `${path}${PARTIAL_ENDING}`;
  const file = await open(partial, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
}
