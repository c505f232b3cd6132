import type { ServerRegistry } from '../servers/server-registry.ts';
import { conditionOf } from '../servers/server-state.ts';

/** Servers named in one answer; a balancer shows no more anyway. */
const MOST_NAMED = 5;

/** Why the proxy should get no requests now, in clauses; empty when it should. */
export function unreadiness(
  registry: Pick<ServerRegistry, 'complete' | 'anyReady' | 'monitors'>,
  isStopping: boolean,
): readonly string[] {
  if (isStopping) return ['this proxy is shutting down'];
  const { monitors } = registry;
  if (monitors.length === 0) return ['no API server is known yet'];
  const waiting = monitors.filter(({ state }) => state.kind !== 'ready');
  const described = waiting.slice(0, MOST_NAMED).map(({ spec, state }) => `${spec.name}: ${conditionOf(state)}`);
  if (waiting.length > MOST_NAMED) described.push(`and ${waiting.length - MOST_NAMED} more`);
  if (!registry.anyReady) return [`no API server is ready (${described.join(', ')})`];
  if (registry.complete) return [];
  return [
    described.length === 0
      ? 'what the API servers serve is being prepared'
      : `not every API server that can be reached has been read (${described.join(', ')})`,
  ];
}
