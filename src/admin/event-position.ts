import type { Journal } from '../observe/journal/journal.ts';

/** What a subscriber has seen: ids of the last decision and the last item of the timeline, and which merged view. */
export interface EventPosition {
  readonly decision: number;
  readonly item: number;
  /** Generation of the merged view. */
  readonly view: number;
}

/** `EPOCH-DECISION-ITEM-VIEW`; the epoch is another one after every restart. */
const ID = /^([0-9a-z]+)-(\d{1,15})-(\d{1,15})-(\d{1,15})$/;

/** The id of an event after which `position` was seen. */
export function eventId({ epoch }: Journal, { decision, item, view }: EventPosition): string {
  return `${epoch}-${decision}-${item}-${view}`;
}

/** All that has happened so far. */
export function present({ decisions, timeline, viewGeneration }: Journal): EventPosition {
  return { decision: decisions.total, item: timeline.total, view: viewGeneration };
}

/** What an id stands for; undefined: it is none of this process. */
export function positionOf(journal: Journal, id: string): EventPosition | undefined {
  const [, epoch, decision, item, view] = ID.exec(id) ?? [];
  const position = { decision: Number(decision), item: Number(item), view: Number(view) };
  const last = present(journal);
  const isPast = position.decision <= last.decision && position.item <= last.item && position.view <= last.view;
  return epoch === journal.epoch && isPast ? position : undefined;
}
