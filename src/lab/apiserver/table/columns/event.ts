import type { ApiObject } from '../../../api-object.ts';
import { timeSince } from '../human-duration.ts';
import { at, count, text } from '../json-view.ts';
import { type CellContext, NAME, type Printer, printer, string, wide } from '../printer.ts';

/** Events of both groups; events.k8s.io has other names for the same fields. */
export const event: Printer = printer(
  string('Last Seen', lastSeen),
  string('Type', (object) => text(object, 'type')),
  string('Reason', (object) => text(object, 'reason')),
  string('Object', target),
  wide(string('Subobject', (object) => text(involved(object), 'fieldPath'))),
  wide(string('Source', source)),
  string('Message', (object) => (text(object, 'message') || text(object, 'note')).trim()),
  wide(string('First Seen', firstSeen)),
  wide(string('Count', eventCount)),
  wide(NAME),
);

const involved = (object: ApiObject) => at(object, 'involvedObject') ?? at(object, 'regarding');

function firstSeen(object: ApiObject, { now }: CellContext): string {
  const first = at(object, 'firstTimestamp') ?? at(object, 'deprecatedFirstTimestamp') ?? at(object, 'eventTime');
  return timeSince(first, now);
}

function lastSeen(object: ApiObject, context: CellContext): string {
  if (at(object, 'series') !== undefined) return timeSince(at(object, 'series.lastObservedTime'), context.now);
  const last = at(object, 'lastTimestamp') ?? at(object, 'deprecatedLastTimestamp');
  return last === undefined ? firstSeen(object, context) : timeSince(last, context.now);
}

function eventCount(object: ApiObject): number {
  if (at(object, 'series') !== undefined) return count(object, 'series.count');
  return count(object, 'count') || count(object, 'deprecatedCount') || 1;
}

function target(object: ApiObject): string {
  const kind = text(involved(object), 'kind').toLowerCase();
  const name = text(involved(object), 'name');
  return name === '' ? kind : `${kind}/${name}`;
}

function source(object: ApiObject): string {
  const old = at(object, 'source') ?? at(object, 'deprecatedSource');
  const component = text(old, 'component') || text(object, 'reportingComponent') || text(object, 'reportingController');
  const instance = text(old, 'host') || text(object, 'reportingInstance');
  return instance === '' ? component : `${component}, ${instance}`;
}
