import { dirname, resolve } from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

/** Relative to the project, not to where the user is. */
export const DEFAULT_DIRECTORY = '.localstack';

/**
 * A path that the user gave, relative to the directory in which they called npm: npm itself runs scripts in the project's
 * directory.
 */
export function userPath(path: string, env: Variables = process.env, cwd = process.cwd()): string {
  const { INIT_CWD: userDirectory, npm_package_json: manifest } = env;
  // A program that an npm script starts elsewhere inherits these variables, but they do not describe its own call.
  const isNpmScript = manifest !== undefined && dirname(manifest) === cwd;
  return resolve(isNpmScript && userDirectory !== undefined ? userDirectory : cwd, path);
}

/** The directory of the stack that `--directory` names. */
export function stackDirectory(option: string): string {
  return option === DEFAULT_DIRECTORY ? option : userPath(option);
}
