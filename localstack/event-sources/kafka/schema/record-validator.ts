import type { KafkaMessage } from 'kafkajs';
import type { SchemaFailure } from '../../model/polled-record.ts';
import type { SchemaRegistry, ValidatedAttribute } from '../../model/schema-registry.ts';
import { readFrame } from './framing.ts';
import type { Decoder } from './registered-schema.ts';

/** A schema that is ready to decode records. */
export interface LoadedSchema {
  readonly format: 'AVRO' | 'JSON';
  readonly decode: Decoder;
}

/** The message as the function gets it, or why it must not get it. */
export interface ValidatedMessage {
  readonly message: KafkaMessage;
  /** The value that filters are applied to. */
  readonly filteredValue: Buffer | null;
  /** Members that the record has besides, as JSON that begins with a comma; empty when it has none. */
  readonly metadata: string;
  readonly failure?: SchemaFailure;
}

interface ValidatedField {
  readonly delivered: Buffer;
  readonly decoded: Buffer;
  readonly metadata: string;
}

/** Validates the attributes of messages that the mapping selects, with schemas that were loaded before. */
export class RecordValidator {
  readonly #registry: SchemaRegistry;
  readonly #schemas: ReadonlyMap<number, LoadedSchema>;

  constructor(registry: SchemaRegistry, schemas: ReadonlyMap<number, LoadedSchema>) {
    this.#registry = registry;
    this.#schemas = schemas;
  }

  /** The ids of the schemas that the messages need. */
  schemaIds(messages: readonly KafkaMessage[]): Set<number> {
    const ids = new Set<number>();
    for (const message of messages) {
      for (const attribute of this.#registry.validates) {
        const bytes = message[attribute];
        const id = bytes === null ? undefined : readFrame(bytes)?.schemaId;
        if (id !== undefined) ids.add(id);
      }
    }
    return ids;
  }

  /** A message that fails keeps its bytes, because they go to the on-failure destination. */
  validate(message: KafkaMessage): ValidatedMessage {
    const fields: Partial<Record<ValidatedAttribute, ValidatedField>> = {};
    for (const attribute of this.#registry.validates) {
      const bytes = message[attribute];
      // An absent key or value has no schema.
      if (bytes === null) continue;
      const field = this.#validateField(attribute, bytes);
      if (typeof field === 'string') {
        return { message, filteredValue: message.value, metadata: '', failure: field };
      }
      fields[attribute] = field;
    }
    return {
      message: {
        ...message,
        ...(fields.key && { key: fields.key.delivered }),
        ...(fields.value && { value: fields.value.delivered }),
      },
      filteredValue: fields.value?.decoded ?? message.value,
      metadata: `${fields.key?.metadata ?? ''}${fields.value?.metadata ?? ''}`,
    };
  }

  #validateField(attribute: ValidatedAttribute, bytes: Buffer): ValidatedField | SchemaFailure {
    const framed = readFrame(bytes);
    if (framed === undefined) return 'DESERIALIZATION_ERROR';
    const schema = this.#schemas.get(framed.schemaId);
    if (schema === undefined) return 'SCHEMA_NOT_FOUND';
    try {
      const decoded = schema.decode(framed.payload);
      return {
        delivered: this.#registry.eventRecordFormat === 'JSON' ? decoded : framed.payload,
        decoded,
        metadata: `,"${attribute}SchemaMetadata":{"dataFormat":"${schema.format}","schemaId":"${framed.schemaId}"}`,
      };
    } catch {
      return 'DESERIALIZATION_ERROR';
    }
  }
}
