import type { SchemaRegistry, ValidatedAttribute } from '../../model/schema-registry.ts';
import { Properties } from '../properties.ts';

/** The registry that replaces that of the template, and its credentials in place of the secret in `AccessConfigs`. */
export interface LocalSchemaRegistry {
  readonly endpoint?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Of the two kinds of cluster; a mapping has one of them. */
const PARENTS = ['AmazonManagedKafkaEventSourceConfig', 'SelfManagedKafkaEventSourceConfig'];

const ACCESS_TYPES = [
  'BASIC_AUTH',
  'CLIENT_CERTIFICATE_TLS_AUTH',
  'SERVER_ROOT_CA_CERTIFICATE',
  'OAUTHBEARER_AUTH',
] as const;

/** Undefined: records are delivered as they are. */
export function readSchemaRegistry(
  properties: Properties,
  provisioned: boolean,
  isKnownHere: (text: string) => boolean,
  local: LocalSchemaRegistry = {},
): SchemaRegistry | undefined {
  const [parent] = PARENTS.filter((name) => properties.has(name));
  const kafka = parent === undefined ? undefined : properties.object(parent);
  const config = kafka?.object('SchemaRegistryConfig');
  if (kafka === undefined || config === undefined || config.names.length === 0) return undefined;
  config.only('AccessConfigs', 'EventRecordFormat', 'SchemaRegistryURI', 'SchemaValidationConfigs');
  if (!provisioned) kafka.fail('SchemaRegistryConfig', 'needs provisioned mode: add ProvisionedPollerConfig');
  const { url, credentials } = readAddress(config, local, isKnownHere);
  checkRegistryAccess(config, `${parent}.SchemaRegistryConfig`);
  const eventRecordFormat =
    config.oneOf('EventRecordFormat', ['JSON', 'SOURCE']) ??
    config.fail('EventRecordFormat', 'is required: JSON or SOURCE');
  return {
    url,
    ...(credentials !== undefined && { credentials }),
    eventRecordFormat,
    validates: readAttributes(config, `${parent}.SchemaRegistryConfig`),
  };
}

type Address = Pick<SchemaRegistry, 'url' | 'credentials'>;

/** The URL has no credentials, because fetch refuses such a URL, and messages show it. */
function readAddress(
  config: Properties,
  { endpoint, username, password = '' }: LocalSchemaRegistry,
  isKnownHere: (text: string) => boolean,
): Address {
  const given = config.raw('SchemaRegistryURI');
  const isReplaced = endpoint !== undefined && typeof given === 'string' && !isKnownHere(given);
  const { url, credentials } = withoutCredentials(isReplaced ? endpoint : readUrl(config, endpoint));
  const used = username === undefined ? credentials : { username, password };
  return { url, ...(used !== undefined && { credentials: used }) };
}

function withoutCredentials(url: string): Address {
  const [whole, scheme = '', userinfo = ''] = /^(https?:\/\/)([^/?#]*)@/i.exec(url) ?? [];
  if (whole === undefined) return { url };
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/.exec(userinfo) ?? [];
  return {
    url: scheme + url.slice(whole.length),
    ...(userinfo !== '' && { credentials: { username: decoded(username), password: decoded(password) } }),
  };
}

/** A percent sign that encodes nothing stands for itself. */
function decoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString());
}

function readUrl(config: Properties, localEndpoint: string | undefined): string {
  const uri =
    config.text('SchemaRegistryURI', { maximumLength: 10_000, pattern: /^[a-zA-Z0-9\-/*:_+=.@]+$/ }) ??
    config.fail('SchemaRegistryURI', "is required: the URL of the registry, or AWS Glue's ARN");
  if (uri.startsWith('arn:')) {
    const change = "use the URL of a registry with Confluent's API, or remove SchemaRegistryConfig for local runs";
    config.fail('SchemaRegistryURI', `AWS Glue's schema registry is not emulated: ${change}`, 'accepts it');
  }
  if (!/^https?:\/\//.test(uri)) config.fail('SchemaRegistryURI', `expected http:// or https://, got ${uri}`);
  return localEndpoint ?? uri;
}

/** Only validated: the emulator's option `schemaRegistry` has the credentials, as no secret can be read here. */
function checkRegistryAccess(config: Properties, path: string): void {
  const items = config.list('AccessConfigs') ?? [];
  if (items.length > 2) config.fail('AccessConfigs', `must hold at most 2, holds ${items.length}`);
  items.forEach((item, index) => {
    const access = new Properties(config.resource, item, `${path}.AccessConfigs[${index}]`);
    access.only('Type', 'URI');
    access.oneOf('Type', ACCESS_TYPES);
    access.text('URI', { maximumLength: 10_000 });
  });
}

function readAttributes(config: Properties, path: string): ValidatedAttribute[] {
  const items = config.list('SchemaValidationConfigs') ?? [];
  if (items.length < 1 || items.length > 2) {
    config.fail('SchemaValidationConfigs', `must hold 1 or 2 attributes, KEY and VALUE, holds ${items.length}`);
  }
  const attributes = items.map((item, index) => {
    const validation = new Properties(config.resource, item, `${path}.SchemaValidationConfigs[${index}]`);
    validation.only('Attribute');
    return validation.oneOf('Attribute', ['KEY', 'VALUE']) ?? validation.fail('Attribute', 'is required: KEY or VALUE');
  });
  // In the order of the members of a record.
  return [
    ...(attributes.includes('KEY') ? (['key'] as const) : []),
    ...(attributes.includes('VALUE') ? (['value'] as const) : []),
  ];
}
