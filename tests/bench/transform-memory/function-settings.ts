import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument } from 'yaml';

const SERVERLESS_YML = join(import.meta.dirname, '../../../serverless.yml');

/** The environment of a function in serverless.yml, without what CloudFormation or Serverless fills in. */
export function literalSettings(functionName: string): Record<string, string> {
  // Unknown tags such as !GetAtt are expected.
  const document = parseDocument(readFileSync(SERVERLESS_YML, 'utf8'), { logLevel: 'error' });
  const environment = document.getIn(['functions', functionName, 'environment']);
  if (!isMap(environment)) throw new Error(`expected an environment of ${functionName} in ${SERVERLESS_YML}`);
  const literals = environment.items.flatMap(({ key, value }) => {
    if (!isScalar(value) || value.tag?.startsWith('!') || String(value.value).includes('${')) return [];
    return [[String(key), String(value.value)]];
  });
  return Object.fromEntries(literals);
}
