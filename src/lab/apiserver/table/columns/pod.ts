import type { ApiObject } from '../../../api-object.ts';
import { NONE } from '../cells.ts';
import { humanDuration } from '../human-duration.ts';
import { condition, items, text } from '../json-view.ts';
import { AGE, type CellContext, NAME, type Printer, string, wide } from '../printer.ts';
import { podState } from './pod-state.ts';

const COMPLETED_MESSAGES: Readonly<Record<string, string>> = {
  Succeeded: 'The pod has completed successfully.',
  Failed: 'The pod failed.',
};

export const pod: Printer = {
  columns: [
    NAME,
    string('Ready', (object) => {
      const { ready, containers } = podState(object);
      return `${ready}/${containers}`;
    }),
    string('Status', (object) => podState(object).status),
    string('Restarts', restarts),
    AGE,
    wide(string('IP', (object) => text(items(object, 'status.podIPs')[0], 'ip') || NONE)),
    wide(string('Node', (object) => text(object, 'spec.nodeName') || NONE)),
    wide(string('Nominated Node', (object) => text(object, 'status.nominatedNodeName') || NONE)),
    wide(string('Readiness Gates', readinessGates)),
  ],
  conditions: (object) => {
    const phase = text(object, 'status.phase');
    const message = COMPLETED_MESSAGES[phase];
    return message === undefined ? [] : [{ type: 'Completed', status: 'True', reason: phase, message }];
  },
};

function restarts(object: ApiObject, { now }: CellContext): string {
  const { restarts, lastRestart } = podState(object);
  return restarts === 0 || lastRestart === 0
    ? String(restarts)
    : `${restarts} (${humanDuration(now - lastRestart)} ago)`;
}

function readinessGates(object: ApiObject): string {
  const gates = items(object, 'spec.readinessGates');
  if (gates.length === 0) return NONE;
  const met = gates.filter((gate) => text(condition(object, text(gate, 'conditionType')), 'status') === 'True');
  return `${met.length}/${gates.length}`;
}
