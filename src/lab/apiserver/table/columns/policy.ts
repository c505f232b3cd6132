import type { ApiObject } from '../../../api-object.ts';
import { NONE } from '../cells.ts';
import { at, condition, count, text } from '../json-view.ts';
import { AGE, boolean, integer, NAME, type Printers, printer, string } from '../printer.ts';

/** Rules for pods and for requests: disruption, priorities, runtimes, API priority and fairness. */
export const policy: Printers = {
  'policy/PodDisruptionBudget': printer(
    NAME,
    string('Min Available', (object) => String(at(object, 'spec.minAvailable') ?? 'N/A')),
    string('Max Unavailable', (object) => String(at(object, 'spec.maxUnavailable') ?? 'N/A')),
    integer('Allowed Disruptions', (object) => count(object, 'status.disruptionsAllowed')),
    AGE,
  ),
  'scheduling.k8s.io/PriorityClass': printer(
    NAME,
    integer('Value', (object) => count(object, 'value')),
    boolean('Global-Default', (object) => at(object, 'globalDefault') === true),
    AGE,
    string('PreemptionPolicy', (object) => text(object, 'preemptionPolicy')),
  ),
  'node.k8s.io/RuntimeClass': printer(
    NAME,
    string('Handler', (object) => text(object, 'handler')),
    AGE,
  ),
  'flowcontrol.apiserver.k8s.io/FlowSchema': printer(
    NAME,
    string('PriorityLevel', (object) => text(object, 'spec.priorityLevelConfiguration.name')),
    string('MatchingPrecedence', (object) => count(object, 'spec.matchingPrecedence')),
    string('DistinguisherMethod', (object) => at(object, 'spec.distinguisherMethod.type') ?? NONE),
    AGE,
    string('MissingPL', (object) => text(condition(object, 'Dangling'), 'status') || '?'),
  ),
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': printer(
    NAME,
    string('Type', (object) => text(object, 'spec.type')),
    string('NominalConcurrencyShares', (object) => at(object, 'spec.limited.nominalConcurrencyShares') ?? NONE),
    string('Queues', queuing('queues')),
    string('HandSize', queuing('handSize')),
    string('QueueLengthLimit', queuing('queueLengthLimit')),
    AGE,
  ),
};

function queuing(field: string): (object: ApiObject) => unknown {
  return (object) => at(object, `spec.limited.limitResponse.queuing.${field}`) ?? NONE;
}
