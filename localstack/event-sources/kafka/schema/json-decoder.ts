import { type Decoder, importPackage, type RegisteredSchema, UnusableSchemaError } from './registered-schema.ts';

const OPTIONS = {
  // Registries keep schemas of other tools, whose keywords and formats Ajv need not know.
  strict: false,
  validateSchema: false,
  validateFormats: false,
  logger: false,
} as const;

/** A decoder of JSON that fits the schema. The JSON stays as the producer wrote it. */
export async function createJsonDecoder({ text, references }: RegisteredSchema): Promise<Decoder> {
  const schema = JSON.parse(text) as { readonly $schema?: string } | boolean;
  const ajv = await createAjv((typeof schema === 'object' && schema.$schema) || '');
  try {
    for (const reference of references) ajv.addSchema(JSON.parse(reference.text), reference.name);
    const validate = ajv.compile(schema);
    return (payload) => {
      if (!validate(JSON.parse(payload.toString()))) throw new Error(ajv.errorsText(validate.errors));
      return payload;
    };
  } catch (cause) {
    throw new UnusableSchemaError(`its JSON schema is not understood: ${(cause as Error).message}`, { cause });
  }
}

async function createAjv(dialect: string) {
  if (dialect.includes('2020-12')) {
    const { Ajv2020 } = await importPackage('ajv', () => import('ajv/dist/2020.js'));
    return new Ajv2020(OPTIONS);
  }
  if (dialect.includes('2019-09')) {
    const { Ajv2019 } = await importPackage('ajv', () => import('ajv/dist/2019.js'));
    return new Ajv2019(OPTIONS);
  }
  const { Ajv } = await importPackage('ajv', () => import('ajv'));
  return new Ajv(OPTIONS);
}
