import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument } from 'yaml';

const SERVERLESS_YML = join(import.meta.dirname, '../../../serverless.yml');

/** Unknown tags such as !GetAtt are expected. */
function readService() {
  return parseDocument(readFileSync(SERVERLESS_YML, 'utf8'), { logLevel: 'error' });
}

/**
 * The flags with which Lambda starts Node for a function, from its memory. As flags of the command line they override the
 * same ones in NODE_OPTIONS.
 */
export function lambdaFlags(functionName: string): string[] {
  const document = readService();
  const megabytes = Number(
    document.getIn(['functions', functionName, 'memorySize']) ?? document.getIn(['provider', 'memorySize']),
  );
  const newSpace = Math.floor(megabytes / 10);
  return [
    '--expose-gc',
    `--max-semi-space-size=${Math.floor(newSpace / 2)}`,
    `--max-old-space-size=${megabytes - newSpace}`,
  ];
}

/** The environment of a function in serverless.yml, without what CloudFormation or Serverless fills in. */
export function literalSettings(functionName: string): Record<string, string> {
  const document = readService();
  const environment = document.getIn(['functions', functionName, 'environment']);
  if (!isMap(environment)) throw new Error(`expected an environment of ${functionName} in ${SERVERLESS_YML}`);
  const literals = environment.items.flatMap(({ key, value }) => {
    if (!isScalar(value) || value.tag?.startsWith('!') || String(value.value).includes('${')) return [];
    return [[String(key), String(value.value)]];
  });
  return Object.fromEntries(literals);
}
