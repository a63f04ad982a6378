type Environment = Record<string, string | undefined>;

/** Read when the module loads, because `runCommand` removes them: they would redirect the clients of a local stack. */
const variables = readAwsVariables(process.env);

/** Makes the variables with which the process was started the only ones that configure the AWS SDK again. */
export function restoreAwsVariables(env: Environment = process.env, original: Environment = variables): void {
  for (const name of Object.keys(readAwsVariables(env))) delete env[name];
  Object.assign(env, original);
}

function readAwsVariables(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('AWS_')));
}
