import type { Unexpected404 } from './answers.ts';

/** Unexpected 404s of one client. */
export interface ClientOf404s {
  readonly client: string;
  /** Those that reached it first, then the most frequent. */
  readonly items: readonly Unexpected404[];
  readonly count: number;
  /** How many of them the client was given. */
  readonly reached: number;
  readonly lastAt: string;
}

/** By client: first those that were given some, the last one first. */
export function byClient(items: readonly Unexpected404[]): readonly ClientOf404s[] {
  const clients = new Map<string, Unexpected404[]>();
  for (const item of items) clients.set(item.client, [...(clients.get(item.client) ?? []), item]);
  return [...clients]
    .map(([client, own]) => ({
      client,
      items: own.sort((one, other) => Number(hasReached(other)) - Number(hasReached(one)) || other.count - one.count),
      count: sum(own),
      reached: sum(own.filter(hasReached)),
      lastAt:
        own
          .map(({ lastAt }) => lastAt)
          .sort()
          .at(-1) ?? '',
    }))
    .sort((one, other) => Number(other.reached > 0) - Number(one.reached > 0) || (one.lastAt < other.lastAt ? 1 : -1));
}

/** The client was given the 404; everybody else got something better. */
export function hasReached({ outcome }: Unexpected404): boolean {
  return outcome === 'relayed';
}

/** What an outcome meant to the client. */
export function outcomeInWords(outcome: string): string {
  switch (outcome) {
    case 'relayed':
      return 'reached the client';
    case 'unavailable':
      return 'client got 503 and retries';
    case 'retried':
      return 'another server answered';
    case 'abandoned':
      return 'client had left';
    default:
      return outcome;
  }
}

export function reachedCount(items: readonly Unexpected404[]): number {
  return sum(items.filter(hasReached));
}

function sum(items: readonly Unexpected404[]): number {
  return items.reduce((total, { count }) => total + count, 0);
}
