import type { ApiObject } from '../../../api-object.ts';
import { NONE, UNSET } from '../cells.ts';
import { at, count, items, text } from '../json-view.ts';
import { AGE, integer, NAME, type Printers, printer, string } from '../printer.ts';

const UNKNOWN = '<unknown>';
const SHOWN_METRICS = 2;

export const autoscaling: Printers = {
  'autoscaling/HorizontalPodAutoscaler': printer(
    NAME,
    string(
      'Reference',
      (object) => `${text(object, 'spec.scaleTargetRef.kind')}/${text(object, 'spec.scaleTargetRef.name')}`,
    ),
    string('Targets', targets),
    string('MinPods', (object) => String(at(object, 'spec.minReplicas') ?? UNSET)),
    string('MaxPods', (object) => count(object, 'spec.maxReplicas')),
    string('Replicas', (object) => count(object, 'status.currentReplicas')),
    AGE,
  ),
  'autoscaling/Scale': printer(
    { ...NAME, format: '' },
    integer('Desired', (object) => count(object, 'spec.replicas')),
    integer('Available', (object) => count(object, 'status.replicas')),
    AGE,
  ),
};

/** Where a metric of `autoscaling/v2` has its numbers, by its type. */
const SOURCES: Readonly<Record<string, string>> = {
  External: 'external',
  Pods: 'pods',
  Object: 'object',
  Resource: 'resource',
  ContainerResource: 'containerResource',
};

function targets(object: ApiObject): string {
  const metrics = items(object, 'spec.metrics');
  if (metrics.length === 0) return targetOfVersion1(object);
  const current = items(object, 'status.currentMetrics');
  const shown = metrics.slice(0, SHOWN_METRICS).map((metric, index) => metricText(metric, current[index]));
  const more = metrics.length - SHOWN_METRICS;
  return more > 0 ? `${shown.join(', ')} + ${more} more...` : shown.join(', ');
}

/** `autoscaling/v1` knows one metric, the use of CPU. */
function targetOfVersion1(object: ApiObject): string {
  const wanted = percent(at(object, 'spec.targetCPUUtilizationPercentage'));
  if (wanted === undefined) return NONE;
  return `cpu: ${percent(at(object, 'status.currentCPUUtilizationPercentage')) ?? UNKNOWN}/${wanted}`;
}

function metricText(metric: unknown, current: unknown): string {
  const source = SOURCES[text(metric, 'type')];
  if (source === undefined) return '<unknown type>';
  const wanted = at(metric, `${source}.target`);
  const now = at(current, `${source}.current`);
  const average = at(wanted, 'averageValue');
  if (source === 'resource' || source === 'containerResource') {
    const name = text(metric, `${source}.name`);
    if (average !== undefined) return `${name}: ${at(now, 'averageValue') ?? UNKNOWN}/${average}`;
    const utilization = percent(at(now, 'averageUtilization')) ?? UNKNOWN;
    return `${name}: ${utilization}/${percent(at(wanted, 'averageUtilization')) ?? '<auto>'}`;
  }
  if (source === 'pods') return `${at(now, 'averageValue') ?? UNKNOWN}/${average}`;
  if (average !== undefined) return `${at(now, 'averageValue') ?? UNKNOWN}/${average} (avg)`;
  return `${at(now, 'value') ?? UNKNOWN}/${at(wanted, 'value')}`;
}

function percent(value: unknown): string | undefined {
  return value === undefined ? undefined : `${value}%`;
}
