import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JoinedGroup } from './kafkajs-internals.ts';

interface Entry {
  readonly pid: number;
  readonly memberId: string;
}

/**
 * Remembers on disk which member of its group this process is. A process that was killed, or ended while the broker was
 * away, leaves its member behind, and the group would wait for it until its session times out; the next process finds
 * the entry and has it leave at once. Of a member that has left already the broker only says that it does not know it.
 */
export class MemberLedger {
  readonly #directory: string;

  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'members');
  }

  remember(group: JoinedGroup): void {
    if (group.memberId === null) return;
    mkdirSync(this.#directory, { recursive: true });
    writeFileSync(this.#file(group.groupId), JSON.stringify({ pid: process.pid, memberId: group.memberId }));
  }

  /**
   * A member of a process that is gone, or an earlier one of this process, which lost the broker and could not leave. Not
   * one of another process that lives: two emulators may share a group on purpose.
   */
  async dismissPredecessor(group: JoinedGroup): Promise<void> {
    const entry = this.#read(group.groupId);
    if (entry === undefined || (entry.pid !== process.pid && isAlive(entry.pid))) return;
    const coordinator = await group.cluster.findGroupCoordinator({ groupId: group.groupId });
    // Refused when the broker has dropped it already, which is just as good.
    await coordinator.leaveGroup({ groupId: group.groupId, memberId: entry.memberId }).catch(() => {});
    rmSync(this.#file(group.groupId), { force: true });
  }

  #file(groupId: string): string {
    return join(this.#directory, `${encodeURIComponent(groupId)}.json`);
  }

  /** An unreadable entry only costs the wait for the session's end. */
  #read(groupId: string): Entry | undefined {
    try {
      return JSON.parse(readFileSync(this.#file(groupId), 'utf8')) as Entry;
    } catch {
      return undefined;
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
