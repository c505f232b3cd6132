import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecisionList as DecisionsAnswer } from '../../admin/decisions-page.ts';
import type { StatusEvent } from '../../admin/event-hub.ts';
import type { RequestExplanation } from '../../admin/request-explanation.ts';
import type { StatusReport } from '../../admin/status-report.ts';
import type { TimelineReport } from '../../admin/timeline-page.ts';
import type { Unexpected404List as Unexpected404sAnswer } from '../../admin/unexpected-404s-page.ts';
import type { SkewReport as SkewAnswer } from '../../skew/skew-report.ts';
import type * as console from './answers.ts';

/** JSON leaves out members that are undefined. */
type Sent<T> = T extends readonly (infer Item)[]
  ? readonly Sent<Item>[]
  : T extends object
    ? {
        [Key in keyof T as undefined extends T[Key] ? never : Key]: Sent<T[Key]>;
      } & { [Key in keyof T as undefined extends T[Key] ? Key : never]?: Sent<Exclude<T[Key], undefined>> }
    : T;

/** The compiler refuses this file when an answer lacks what the console reads of it. */
const readers = {
  status: (answer: Sent<StatusReport>): console.ProxyStatus => answer,
  skew: (answer: Sent<SkewAnswer>): console.SkewReport => answer,
  decisions: (answer: Sent<DecisionsAnswer>): console.DecisionList => answer,
  timeline: (answer: Sent<TimelineReport>): console.Timeline => answer,
  unexpected404s: (answer: Sent<Unexpected404sAnswer>): console.Unexpected404List => answer,
  explain: (answer: Sent<RequestExplanation>): console.Explanation => answer,
  event: (answer: Sent<StatusEvent>): console.LiveStatus => answer,
};

test('the console reads what the admin API answers', () => assert.equal(Object.keys(readers).length, 7));
