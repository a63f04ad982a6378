import { homedir } from 'node:os';

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** What any program may need to know about the user and the machine. */
const SHARED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TERM'];

/** glibc and musl always have C.UTF-8; macOS does not. */
const LOCALE = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';

/**
 * The environment of a child process: an allow list, because variables that are meant for other programs change what
 * servers do, for instance `JAVA_TOOL_OPTIONS`, `PGOPTIONS`, `AWS_PROFILE`, `NODE_OPTIONS` and a Turkish `LC_ALL`.
 *
 * @param allowed further variables to pass on, by name or by pattern
 */
export function childEnvironment(
  allowed: readonly (string | RegExp)[] = [],
  env: EnvironmentVariables = process.env,
): Record<string, string> {
  const isAllowed = (name: string) =>
    SHARED.includes(name) || allowed.some((rule) => (typeof rule === 'string' ? rule === name : rule.test(name)));
  const passed = Object.entries(env).filter((entry): entry is [string, string] => {
    const [name, value] = entry;
    return value !== undefined && isAllowed(name);
  });
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: homedir(),
    ...Object.fromEntries(passed),
    LC_ALL: LOCALE,
    LANG: LOCALE,
    TZ: 'UTC',
  };
}
