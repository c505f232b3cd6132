import type { JsonObject } from '../../api-object.ts';
import { podSpec, withChanged, withItems, withValues } from './pod-defaults.ts';

/** Defaults of what makes pods, spec by spec (kubernetes pkg/apis/apps/v1/defaults.go, pkg/apis/batch/v1/defaults.go). */
type SpecDefaults = (spec: JsonObject) => JsonObject;

const withTemplate: SpecDefaults = (spec) =>
  withChanged(spec, 'template', (template) => withChanged(template, 'spec', podSpec));

const HISTORY = { revisionHistoryLimit: 10 };

export const deploymentSpec: SpecDefaults = (spec) => {
  const filled = withValues(withTemplate(spec), {
    replicas: 1,
    strategy: {},
    ...HISTORY,
    progressDeadlineSeconds: 600,
  });
  return withChanged(filled, 'strategy', (strategy) => rolling(strategy, { maxUnavailable: '25%', maxSurge: '25%' }));
};

export const replicaSetSpec: SpecDefaults = (spec) => withValues(withTemplate(spec), { replicas: 1 });

export const daemonSetSpec: SpecDefaults = (spec) => {
  const filled = withValues(withTemplate(spec), { updateStrategy: {}, ...HISTORY });
  return withChanged(filled, 'updateStrategy', (strategy) => rolling(strategy, { maxUnavailable: 1, maxSurge: 0 }));
};

export const statefulSetSpec: SpecDefaults = (spec) => {
  const filled = withValues(withTemplate(spec), {
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: {},
    ...HISTORY,
    persistentVolumeClaimRetentionPolicy: {},
  });
  const updated = withChanged(filled, 'updateStrategy', (strategy) => rolling(strategy, { partition: 0 }));
  const retained = withChanged(updated, 'persistentVolumeClaimRetentionPolicy', (policy) =>
    withValues(policy, { whenDeleted: 'Retain', whenScaled: 'Retain' }),
  );
  return withItems(retained, 'volumeClaimTemplates', (claim) => withChanged(claim, 'spec', volumeSpec));
};

export const jobSpec: SpecDefaults = (spec) => {
  const { parallelism, completions } = spec;
  const isCounted = parallelism !== undefined || completions !== undefined;
  return withValues(withTemplate(spec), {
    ...(!isCounted && { completions: 1 }),
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed',
  });
};

export const cronJobSpec: SpecDefaults = (spec) => {
  const filled = withValues(spec, {
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  });
  // Its jobs get their defaults when they are made.
  return withChanged(filled, 'jobTemplate', (job) => withChanged(job, 'spec', withTemplate));
};

/** Of a PersistentVolume or a claim. */
export const volumeSpec: SpecDefaults = (spec) => withValues(spec, { volumeMode: 'Filesystem' });

function rolling(strategy: JsonObject, defaults: JsonObject): JsonObject {
  const typed = withValues(strategy, { type: 'RollingUpdate' });
  if (typed['type'] !== 'RollingUpdate') return typed;
  return withChanged({ rollingUpdate: {}, ...typed }, 'rollingUpdate', (update) => withValues(update, defaults));
}
