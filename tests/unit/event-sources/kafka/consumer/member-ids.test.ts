import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemberIds } from '../../../../../localstack/event-sources/kafka/consumer/member-ids.ts';
import { FakeGroup } from '../fake-group.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'member-ids-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The group as a process finds it that starts after another one saved its member. */
async function removedMembers(savedBy: number): Promise<string[]> {
  const group = new FakeGroup({ 0: 0 });
  const memberIds = new MemberIds(directory);
  memberIds.save(group);
  const file = join(directory, 'members', 'group.json');
  writeFileSync(file, JSON.stringify({ pid: savedBy, memberId: 'saved' }));
  group.memberId = null;
  await memberIds.removeStaleMember(group);
  await memberIds.removeStaleMember(group);
  return group.left;
}

test('the member of a process that has ended is removed, once', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  expect(await removedMembers(pid)).toEqual(['saved']);
});

test('an earlier member of the same process is removed', async () => {
  expect(await removedMembers(process.pid)).toEqual(['saved']);
});

test('the member of another running process stays', async () => {
  expect(await removedMembers(process.ppid)).toEqual([]);
});

test('without a saved member, or with an unreadable file, none is removed', async () => {
  const group = new FakeGroup({ 0: 0 });
  const memberIds = new MemberIds(directory);
  await memberIds.removeStaleMember(group);
  memberIds.save(group);
  writeFileSync(join(directory, 'members', 'group.json'), '{"pid":');
  await memberIds.removeStaleMember(group);
  expect(group.left).toEqual([]);
});

test('the group id may hold any characters', async () => {
  const group = Object.assign(new FakeGroup({ 0: 0 }), { groupId: 'a/b: *' });
  new MemberIds(directory).save(group);
  await new MemberIds(directory).removeStaleMember(group);
  expect(group.left).toEqual(['member-1']);
});
