import { numberOf, type Place, resourcesOf, type Template } from './template.ts';

/** What CloudWatch Logs accepts. */
const LOG_DAYS = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1_096],
  ...[1_827, 2_192, 2_557, 2_922, 3_288, 3_653],
];
const MAX_BACKUP_DAYS = 35;

/** Retentions of logs and backups that AWS would refuse. */
export function checkRetention(template: Template, place: Place): readonly string[] {
  const daysOf = (type: string, property: string) =>
    resourcesOf(template, type, place).flatMap(({ Properties = {} }) =>
      property in Properties ? [numberOf(Properties[property], template, place)] : [],
    );
  const faults = [
    ...daysOf('AWS::Logs::LogGroup', 'RetentionInDays')
      .filter((days) => !LOG_DAYS.includes(days))
      .map((days) => `Logs cannot be kept for ${days} days. CloudWatch accepts ${LOG_DAYS.join(', ')}.`),
    ...daysOf('AWS::RDS::DBInstance', 'BackupRetentionPeriod')
      .filter((days) => !(Number.isInteger(days) && days >= 1 && days <= MAX_BACKUP_DAYS))
      .map((days) => `Backups of a database are kept for 1 to ${MAX_BACKUP_DAYS} days, found ${days}.`),
  ];
  return [...new Set(faults)];
}
