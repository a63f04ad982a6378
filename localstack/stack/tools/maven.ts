import { childEnvironment } from '../process/child-environment.ts';
import { runProgram } from '../process/run-program.ts';
import { findExecutable } from './find-executable.ts';
import { installCommand } from './install-hints.ts';

const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
/** The options of `MAVEN_OPTS` that say how to reach a repository. */
const NETWORK_OPTION = /^-D(https?\.|socks|java\.net\.|javax\.net\.ssl\.|maven\.repo)/;

interface CopyOptions {
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
  readonly options?: readonly string[];
}

/** Lets Maven copy the files that a `pom.xml` names, with all that these need, into a directory. */
export async function copyDependencies(
  pomPath: string,
  directory: string,
  { signal, onLine, options = [] }: CopyOptions,
): Promise<void> {
  const file = findExecutable('mvn');
  if (file === undefined) throw new Error(`There is no mvn on the PATH: ${installCommand('maven')}.`);
  const networkOptions = (process.env['MAVEN_OPTS'] ?? '').split(/\s+/).filter((option) => NETWORK_OPTION.test(option));
  await runProgram(
    {
      file,
      // Maven caches failed downloads, and tries them again only with -U.
      args: [
        ...['-B', '-U', '-f', pomPath, COPY_DEPENDENCIES, `-DoutputDirectory=${directory}`],
        ...['-DincludeScope=runtime', ...options],
      ],
      env: {
        ...childEnvironment(['JAVA_HOME', 'MAVEN_HOME', 'M2_HOME']),
        MAVEN_OPTS: networkOptions.join(' '),
        // ~/.mavenrc may set variables of any kind.
        MAVEN_SKIP_RC: '1',
      },
    },
    { signal, onLine },
  );
}
