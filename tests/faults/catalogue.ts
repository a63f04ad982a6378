import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteItemCommand, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Fault } from './fault.ts';
import type { ProcessName } from './faulty-stack.ts';
import { fillDisk, freeDisk } from './full-disk.ts';
import { copyTables, restoreTables } from './older-copy.ts';

const POSITION = { id: { S: 'employee-changes' } };

const NOTHING = () => {};

function targetSchema(name: string, change: string, undo: string, expected = /employees/): Fault {
  return { name: `B: ${name}`, expected, break: (stack) => stack.target(change), mend: (stack) => stack.target(undo) };
}

/** Without an `undo`, the remedy is `npm run provision`. */
function sourceSchema(name: string, change: string, undo: string | null): Fault {
  return {
    name: `A: ${name}`,
    expected: /capture|trigger|column|table|snapshot/i,
    break: (stack) => stack.source(...change.split(';')),
    mend: (stack) => (undo === null ? stack.provision() : stack.source(...undo.split(';'))),
  };
}

function frozen(process: ProcessName, server: RegExp): Fault {
  return {
    name: `${process} is frozen`,
    sourceIsAway: process === 'sourceDatabase',
    bucketIsAway: process === 's3',
    expected: server,
    break: (stack) => stack.freeze(process),
    mend: (stack) => stack.unfreeze(process),
  };
}

function killed(process: ProcessName): Fault {
  return {
    name: `${process} is killed`,
    // The supervisor starts it again within seconds.
    sourceIsAway: process === 'sourceDatabase',
    bucketIsAway: process === 's3',
    expected: /respond|retried|heartbeat|commits no offset/,
    break: (stack) => stack.signal(process, 'SIGKILL'),
    mend: NOTHING,
  };
}

function diskFull(process: ProcessName): Fault {
  return {
    name: `the disk of ${process} is full`,
    sourceIsAway: process === 'sourceDatabase',
    bucketIsAway: process === 's3',
    expected: /respond|retried|heartbeat|commits no offset|space|53100/i,
    break: (stack) => fillDisk(stack, process),
    mend: (stack) => freeDisk(stack, process),
  };
}

export const TARGET_SCHEMA: readonly Fault[] = [
  targetSchema(
    'the key is deferrable',
    'alter table employees drop constraint employees_pkey, add primary key (emp_id) deferrable',
    'alter table employees drop constraint employees_pkey, add primary key (emp_id)',
  ),
  targetSchema(
    'no key',
    'alter table employees drop constraint employees_pkey',
    'alter table employees add primary key (emp_id)',
  ),
  targetSchema(
    'the key is generated always',
    'alter table employees alter emp_id drop default, alter emp_id add generated always as identity',
    'alter table employees alter emp_id drop identity',
  ),
  targetSchema(
    'a column that the source leaves empty is not null',
    'alter table employees add constraint named not null last_name not valid',
    'alter table employees alter last_name drop not null',
    /last_name/,
  ),
  targetSchema(
    'a check that every row violates',
    'alter table employees add constraint unlucky check (salary < 0) not valid',
    'alter table employees drop constraint unlucky',
    /unlucky/,
  ),
  targetSchema(
    'a column is renamed',
    'alter table employees rename city to town',
    'alter table employees rename town to city',
    /city/,
  ),
  targetSchema(
    'the table is renamed',
    'alter table employees rename to staff',
    'alter table staff rename to employees',
  ),
  targetSchema(
    'a trigger drops every write',
    `create function nothing() returns trigger language plpgsql as $$begin return null; end$$;
     create trigger nothing before insert or update on employees for each row execute function nothing()`,
    'drop trigger nothing on employees; drop function nothing',
    /disable trigger nothing/,
  ),
  targetSchema(
    'the totals have no key',
    'alter table department_employee_salary drop constraint department_employee_salary_pkey',
    'alter table department_employee_salary add primary key (department)',
    /department_employee_salary/,
  ),
  targetSchema(
    'a salary column is too narrow',
    `alter table department_employee rename column salary to pay`,
    `alter table department_employee rename column pay to salary`,
    /salary/,
  ),
];

export const SOURCE_SCHEMA: readonly Fault[] = [
  sourceSchema(
    'a column is wider',
    'alter table employees alter city type text',
    'alter table employees alter city type varchar(100)',
  ),
  sourceSchema(
    'salaries are bigint',
    'alter table employees alter salary type bigint',
    'alter table employees alter salary type integer',
  ),
  sourceSchema('a column is added', 'alter table employees add note text default $$-$$', null),
  sourceSchema(
    'a column is renamed',
    'alter table employees rename city to town',
    'alter table employees rename town to city',
  ),
  sourceSchema(
    'the table is swapped under its name',
    'begin;alter table employees rename to employees_old;create table employees (like employees_old including all);' +
      'insert into employees select * from employees_old;commit',
    null,
  ),
  sourceSchema(
    'triggers are disabled and enabled again around a load',
    'alter table employees disable trigger user;update employees set salary = salary + 1;alter table employees enable trigger user',
    null,
  ),
  sourceSchema('a trigger is dropped', 'drop trigger "00_capture_change" on employees', null),
  sourceSchema('emp_cdc is dropped', 'drop table emp_cdc', null),
  sourceSchema('captured changes are deleted', 'delete from emp_cdc', null),
  sourceSchema('emp_cdc is emptied and its sequence restarted', 'truncate emp_cdc restart identity', null),
];

export const DATA: readonly Fault[] = [
  {
    name: 'the topic of the changes is deleted',
    expected: /topic|snapshot/i,
    break: (stack) => stack.withKafka((admin) => admin.deleteTopics({ topics: ['employee-changes'] })),
    mend: (stack) => stack.provision(),
  },
  {
    name: 'the records of the changes are deleted before they are applied',
    expected: /snapshot|offset|topic/i,
    break: async (stack) => {
      stack.freeze('targetDatabase');
      await stack.source('update employees set salary = salary + 1');
      await stack.withKafka(async (admin) => {
        const partitions = await admin.fetchTopicOffsets('employee-changes');
        await admin.deleteTopicRecords({
          topic: 'employee-changes',
          partitions: partitions.map(({ partition, high }) => ({ partition, offset: high })),
        });
      });
      stack.unfreeze('targetDatabase');
    },
    mend: NOTHING,
  },
  {
    name: 'the data of Kafka is wiped',
    expected: /topic|snapshot|Kafka|respond/,
    break: (stack) => {
      rmSync(join(stack.directory, 'kafka', 'data'), { recursive: true, force: true });
      stack.signal('kafka', 'SIGKILL');
    },
    mend: (stack) => stack.restart(),
  },
  {
    name: 'B is restored from an older copy',
    expected: /snapshot|applied|offset|restored|ingested_file/i,
    break: async (stack) => {
      await copyTables(stack);
      await stack.source('update employees set salary = salary + 1');
      await stack.upload(1_000);
      await stack.untilAgreed();
      await restoreTables(stack);
    },
    mend: NOTHING,
  },
  {
    name: 'the topic of the changes accepts no record of usual size',
    expected: /max\.message\.bytes/,
    break: (stack) => stack.configureTopic('employee-changes', 'max.message.bytes', '200'),
    mend: (stack) => stack.configureTopic('employee-changes', 'max.message.bytes', '1048588'),
  },
  {
    name: 'the position is damaged',
    expected: /npm run resnapshot|poller/,
    break: (stack) =>
      stack.withDynamoDb((client, table) =>
        client.send(
          new UpdateItemCommand({
            ...{
              TableName: table,
              Key: POSITION,
              UpdateExpression: 'SET #position = :damaged, fencing = fencing + :one',
            },
            ExpressionAttributeNames: { '#position': 'position' },
            ExpressionAttributeValues: { ':damaged': { S: '{' }, ':one': { N: '1' } },
          }),
        ),
      ),
    mend: (stack) => stack.resnapshot(),
  },
  {
    name: 'the position is deleted',
    expected: /snapshot|poller/i,
    break: (stack) =>
      stack.withDynamoDb((client, table) => client.send(new DeleteItemCommand({ TableName: table, Key: POSITION }))),
    mend: NOTHING,
  },
  {
    name: 'the position is an older one',
    expected: /snapshot|poller/i,
    break: (stack) =>
      stack.withDynamoDb(async (client, table) => {
        const { Item: item } = await client.send(new GetItemCommand({ TableName: table, Key: POSITION }));
        await stack.source('update employees set salary = salary + 1');
        await stack.untilAgreed();
        if (item) await client.send(new PutItemCommand({ TableName: table, Item: item }));
      }),
    mend: NOTHING,
  },
];

const RESPONDS = /respond/;

export const SERVERS_AWAY: readonly Fault[] = [
  frozen('sourceDatabase', RESPONDS),
  frozen('targetDatabase', RESPONDS),
  frozen('kafka', RESPONDS),
  frozen('dynamodb', RESPONDS),
  frozen('s3', RESPONDS),
  frozen('functions', RESPONDS),
  killed('sourceDatabase'),
  killed('targetDatabase'),
  killed('kafka'),
  killed('dynamodb'),
  killed('s3'),
  killed('functions'),
];

export const DISKS_FULL: readonly Fault[] = [
  diskFull('sourceDatabase'),
  diskFull('targetDatabase'),
  diskFull('kafka'),
  diskFull('dynamodb'),
  diskFull('s3'),
];
