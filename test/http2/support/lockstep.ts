import { type DifferenceTable, type Disparity, disparities } from './compare-outcomes.ts';
import type { Step } from './conversation.ts';

/** One end of a connection under test, and what it does with the frames it gets. */
export interface Conversation<Outcome> {
  readonly isAlive: boolean;
  /** Sends the frames and resolves when they have been dealt with. */
  play(step: Step): Promise<void>;
  /** Lets go of the connection. */
  end(): Promise<Outcome>;
}

interface WithConnection {
  readonly connection: string;
}

/**
 * Plays the same steps to two engines until one of them has had enough, so that both are compared after the same frames.
 * Where only one has ended the connection, what was under way then is no difference of its own.
 */
export async function playInLockstep<Outcome extends WithConnection>(
  own: Conversation<Outcome>,
  node: Conversation<Outcome>,
  steps: readonly Step[],
): Promise<Disparity[]> {
  for (const step of steps) {
    if (!own.isAlive || !node.isAlive) break;
    await Promise.all([own.play(step), node.play(step)]);
  }
  const isSame = own.isAlive === node.isAlive;
  const [ours, theirs] = await Promise.all([own.end(), node.end()]);
  return isSame
    ? disparities(ours, theirs)
    : disparities({ connection: ours.connection }, { connection: theirs.connection });
}

/** What of `found` is not in the table, as a report. `undefined`: nothing. */
export function complaint(
  table: DifferenceTable,
  found: readonly Disparity[],
  steps: readonly Step[],
  mutation: string | undefined,
): string | undefined {
  const unexplained = table.unexplained(found, mutation);
  if (unexplained.length === 0) return undefined;
  const lines = unexplained.map(({ where, own, node }) => `    ${where}\n      own:  ${own}\n      node: ${node}`);
  const frames = steps.map(({ title }) => `    ${title}`);
  return `The engines differ.\n  Frames:\n${frames.join('\n')}\n  Differences:\n${lines.join('\n')}`;
}
