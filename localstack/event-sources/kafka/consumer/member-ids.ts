import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConsumerGroup } from './consumer-group.ts';

interface SavedMember {
  readonly pid: number;
  readonly memberId: string;
}

/**
 * Keeps this process's member id of each group on disk. A process that was killed, or that lost the broker, leaves its
 * member in the group, and a rebalance waits for that member until its session times out. The next process reads the id
 * and removes the stale member at once.
 */
export class MemberIds {
  readonly #directory: string;

  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'members');
  }

  save(group: ConsumerGroup): void {
    if (group.memberId === null) return;
    mkdirSync(this.#directory, { recursive: true });
    const member: SavedMember = { pid: process.pid, memberId: group.memberId };
    writeFileSync(this.#file(group.groupId), JSON.stringify(member));
  }

  /**
   * Removes the saved member from the group if its process has ended, or if it is an earlier member of this process. The
   * member of another running process stays, because two emulators may share a group on purpose.
   */
  async removeStaleMember(group: ConsumerGroup): Promise<void> {
    const member = this.#read(group.groupId);
    if (member === undefined || (member.pid !== process.pid && isRunning(member.pid))) return;
    const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId });
    // Fails when the member has left already, which is as good.
    await coordinator.leaveGroup({ groupId: group.groupId, memberId: member.memberId }).catch(() => {});
    rmSync(this.#file(group.groupId), { force: true });
  }

  #file(groupId: string): string {
    return join(this.#directory, `${encodeURIComponent(groupId)}.json`);
  }

  /** Ignores an unreadable file: it only costs the wait for the session timeout. */
  #read(groupId: string): SavedMember | undefined {
    try {
      return JSON.parse(readFileSync(this.#file(groupId), 'utf8')) as SavedMember;
    } catch {
      return undefined;
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
