import type { Journal } from '../observe/journal/journal.ts';

/** What a subscriber has seen: ids of the last decision and the last item of the timeline. */
export interface EventPosition {
  readonly decision: number;
  readonly item: number;
}

/** `EPOCH-DECISION-ITEM`; the epoch is another one after every restart. */
const ID = /^([0-9a-z]+)-(\d{1,15})-(\d{1,15})$/;

/** The id of an event after which `position` was seen. */
export function eventId({ epoch }: Journal, { decision, item }: EventPosition): string {
  return `${epoch}-${decision}-${item}`;
}

/** All that has happened so far. */
export function present({ decisions, timeline }: Journal): EventPosition {
  return { decision: decisions.total, item: timeline.total };
}

/** What an id stands for; undefined: it is none of this process. */
export function positionOf(journal: Journal, id: string): EventPosition | undefined {
  const [, epoch, decision, item] = ID.exec(id) ?? [];
  const position = { decision: Number(decision), item: Number(item) };
  const last = present(journal);
  if (epoch !== journal.epoch || position.decision > last.decision || position.item > last.item) return undefined;
  return position;
}
