import type { ApiObject } from '../../../api-object.ts';
import { NONE, UNSET } from '../cells.ts';
import { humanDuration, timeSince } from '../human-duration.ts';
import { at, count, hasCondition, items, text } from '../json-view.ts';
import { AGE, boolean, type CellContext, integer, NAME, type Printers, printer, string } from '../printer.ts';
import { containerColumns, selectorColumn } from './workload-columns.ts';

export const batch: Printers = {
  'batch/Job': printer(
    NAME,
    string('Status', jobStatus),
    string('Completions', completions),
    string('Duration', jobDuration),
    AGE,
    ...containerColumns('spec.template'),
    selectorColumn('spec.selector'),
  ),
  'batch/CronJob': printer(
    NAME,
    string('Schedule', (object) => text(object, 'spec.schedule')),
    string('Timezone', (object) => at(object, 'spec.timeZone') ?? NONE),
    boolean('Suspend', suspend),
    integer('Active', (object) => items(object, 'status.active').length),
    string('Last Schedule', lastSchedule),
    AGE,
    ...containerColumns('spec.jobTemplate.spec.template'),
    selectorColumn('spec.jobTemplate.spec.selector'),
  ),
};

function jobStatus(job: ApiObject): string {
  if (hasCondition(job, 'Complete')) return 'Complete';
  if (hasCondition(job, 'Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const state = ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find((type) => hasCondition(job, type));
  return state ?? 'Running';
}

function completions(job: ApiObject): string {
  const succeeded = count(job, 'status.succeeded');
  const wanted = at(job, 'spec.completions');
  if (wanted !== undefined) return `${succeeded}/${wanted}`;
  const parallelism = count(job, 'spec.parallelism');
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: ApiObject, { now }: CellContext): string {
  const started = text(job, 'status.startTime');
  if (started === '') return '';
  const completed = text(job, 'status.completionTime');
  return humanDuration((completed === '' ? now : Date.parse(completed)) - Date.parse(started));
}

function suspend(cronJob: ApiObject): string {
  const value = at(cronJob, 'spec.suspend');
  return value === undefined ? UNSET : value === true ? 'True' : 'False';
}

function lastSchedule(cronJob: ApiObject, { now }: CellContext): string {
  const time = at(cronJob, 'status.lastScheduleTime');
  return time === undefined ? NONE : timeSince(time, now);
}
