import { type Place, resourcesOf, type Template, type Value, textOf } from './template.ts';

/** What RDS offers of one class of PostgreSQL servers in a region. */
export interface DatabaseOffer {
  /** Such as 18.1. */
  readonly version: string;
  readonly isMultiAz: boolean;
}

export interface WantedDatabase {
  readonly databaseClass: string;
  /** A major version, or one with a minor version. */
  readonly version: string;
  readonly isMultiAz: boolean;
}

const CLASS = /^db\.[a-z0-9-]+\.[a-z0-9]+$/;
const VERSION = /^\d+(\.\d+)?$/;

/** The databases of the data stack, each kind once. */
export function wantedDatabases(template: Template, place: Place): readonly WantedDatabase[] {
  const wanted = resourcesOf(template, 'AWS::RDS::DBInstance', place).map(({ Properties = {} }) => {
    const read = (value: Value) => textOf(value, template, place) ?? '';
    const databaseClass = read(Properties['DBInstanceClass']);
    return {
      databaseClass,
      version: read(Properties['EngineVersion']),
      isMultiAz: read(Properties['MultiAZ']) === 'true',
    };
  });
  return [...new Map(wanted.map((each) => [JSON.stringify(each), each])).values()];
}

/** What cannot be right in any region. */
export function checkDatabaseTexts({ databaseClass, version }: WantedDatabase): readonly string[] {
  return [
    ...(CLASS.test(databaseClass)
      ? []
      : [`Expected a class of databases such as db.t4g.medium, found "${databaseClass}".`]),
    ...(VERSION.test(version) ? [] : [`Expected a version of PostgreSQL such as 18 or 18.1, found "${version}".`]),
  ];
}

/** Whether RDS has the class with this version of PostgreSQL in the region. */
export function checkDatabaseOffers(
  { databaseClass, version, isMultiAz }: WantedDatabase,
  offers: readonly DatabaseOffer[],
  region: string,
): readonly string[] {
  if (offers.length === 0) {
    return [
      `RDS has no PostgreSQL of class ${databaseClass} in ${region}: choose another class, such as db.t4g.medium.`,
    ];
  }
  const fitting = offers.filter((offer) => offer.version === version || offer.version.startsWith(`${version}.`));
  if (fitting.length === 0) {
    const versions = [...new Set(offers.map((offer) => offer.version))].sort((a, b) =>
      a.localeCompare(b, 'en', { numeric: true }),
    );
    return [`RDS has no PostgreSQL ${version} of class ${databaseClass} in ${region}. It has ${versions.join(', ')}.`];
  }
  return isMultiAz && !fitting.some((offer) => offer.isMultiAz)
    ? [
        `RDS has no standby in another zone for PostgreSQL ${version} of class ${databaseClass} in ${region}: choose another class, or databaseMultiAz=false.`,
      ]
    : [];
}
