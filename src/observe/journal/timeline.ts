import { Ring } from './ring.ts';

export const TIMELINE_TYPES = [
  'started',
  'server-joined',
  'server-left',
  'server-state',
  'server-version',
  'view',
  'unexpected-404',
  'reload',
  'reload-failed',
  'stopping',
] as const;
export type TimelineType = (typeof TIMELINE_TYPES)[number];

/** One thing that happened to the control plane or to this proxy. Members that say nothing of a type are '' or empty. */
export interface TimelineItem {
  /** 1 for the first one since the start. */
  readonly id: number;
  /** RFC 3339. */
  readonly at: string;
  readonly type: TimelineType;
  readonly server: string;
  /** Of the server, at that moment. */
  readonly version: string;
  /** State or version before. */
  readonly from: string;
  /** State or version since. */
  readonly to: string;
  /** One sentence. */
  readonly text: string;
  /** Group-versions (`apps/v1`) and resources of group-versions that stayed (`jobs.v1.batch`) that the merged view has now. */
  readonly appeared: readonly string[];
  /** The same, of what it does not have any more. */
  readonly vanished: readonly string[];
  /** Group-versions for which no ready server vouches any more. */
  readonly stale: readonly string[];
  /** Group-versions for which one does again. */
  readonly current: readonly string[];
}

/** What is said of an item; `type` and `text` are needed. */
export type TimelineNews = Pick<TimelineItem, 'type' | 'text'> &
  Partial<Pick<TimelineItem, 'server' | 'version' | 'from' | 'to' | 'appeared' | 'vanished' | 'stale' | 'current'>>;

/** An upgrade of hundred servers has about five items for each. */
const KEPT = 1_000;
const NOTHING: readonly string[] = [];

/** The history of an upgrade: the last thousand things that happened. */
export class Timeline {
  readonly #items: Ring<TimelineItem>;

  constructor(kept = KEPT) {
    this.#items = new Ring(kept);
  }

  /** Since the start; the id of the last one. */
  get total(): number {
    return this.#items.total;
  }

  /** Id of the oldest one in memory. */
  get oldest(): number {
    return this.#items.total - this.#items.size + 1;
  }

  /** At `at`, epoch milliseconds. */
  add(news: TimelineNews, at: number): void {
    this.#items.put({
      id: this.#items.total + 1,
      at: new Date(at).toISOString(),
      type: news.type,
      server: news.server ?? '',
      version: news.version ?? '',
      from: news.from ?? '',
      to: news.to ?? '',
      text: news.text,
      appeared: news.appeared ?? NOTHING,
      vanished: news.vanished ?? NOTHING,
      stale: news.stale ?? NOTHING,
      current: news.current ?? NOTHING,
    });
  }

  newestFirst(): Generator<TimelineItem, void> {
    return this.#items.newestFirst();
  }

  /** The first `most` with ids above `id`, oldest first. */
  since(id: number, most = Number.POSITIVE_INFINITY): readonly TimelineItem[] {
    const items: TimelineItem[] = [];
    for (const item of this.#items.newestFirst()) {
      if (item.id <= id) break;
      if (item.id <= id + most) items.push(item);
    }
    return items.reverse();
  }
}
