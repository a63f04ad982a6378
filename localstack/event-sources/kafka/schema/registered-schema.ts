/** A schema as the registry returns it. */
export interface RegisteredSchema {
  readonly format: 'AVRO' | 'JSON' | 'PROTOBUF';
  readonly text: string;
  /** The schemas that this one refers to by name, those that a schema depends on first. */
  readonly references: readonly NamedSchema[];
}

export interface NamedSchema {
  readonly name: string;
  readonly text: string;
}

/** Decodes and thereby validates a record. Throws when the bytes do not fit the schema. */
export type Decoder = (payload: Buffer) => Buffer;

/** The schema cannot be used here, whatever the record is: the record must not be discarded because of that. */
export class UnusableSchemaError extends Error {
  override readonly name = 'UnusableSchemaError';
}

/** Imports a package that only users of a schema registry need. */
export async function importPackage<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new UnusableSchemaError(`its schema needs the package ${name}: npm install --save-dev ${name}`, { cause });
  }
}
