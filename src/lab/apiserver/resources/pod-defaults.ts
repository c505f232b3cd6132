import type { JsonObject } from '../../api-object.ts';
import { isObject } from './object-meta.ts';

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];
const PROBE = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
/** Files of volumes that are made of objects: 0644. */
const FILE_MODE = { defaultMode: 0o644 };

/** The object with values for the fields that are absent or empty. */
export function withValues(object: JsonObject, values: JsonObject): JsonObject {
  const given = Object.entries(object).filter(
    ([name, value]) => !(name in values) || (value !== undefined && value !== null && value !== ''),
  );
  return { ...values, ...Object.fromEntries(given) };
}

/** The object with `field` changed by `change`, if it is there. */
export function withChanged(object: JsonObject, field: string, change: (value: JsonObject) => JsonObject): JsonObject {
  const value = object[field];
  return isObject(value) ? { ...object, [field]: change(value) } : object;
}

/** The object with every item of the list `field` changed by `change`, if there are any. */
export function withItems(object: JsonObject, field: string, change: (item: JsonObject) => JsonObject): JsonObject {
  const list = object[field];
  if (!Array.isArray(list)) return object;
  return { ...object, [field]: list.map((item: unknown) => (isObject(item) ? change(item) : item)) };
}

/** A PodSpec with the defaults of kubernetes pkg/apis/core/v1/defaults.go, of a pod as of a template. */
export function podSpec(spec: JsonObject): JsonObject {
  const filled = withValues(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
  const contained = ['initContainers', 'containers'].reduce((each, field) => withItems(each, field, container), filled);
  return withItems(contained, 'volumes', volume);
}

/** Limits are what a container of a pod asks for, where it does not say. */
export function withRequests(spec: JsonObject): JsonObject {
  const asking = (each: JsonObject) =>
    withChanged(each, 'resources', (resources) => {
      const { limits, requests } = resources;
      return isObject(limits)
        ? { ...resources, requests: { ...limits, ...(isObject(requests) && requests) } }
        : resources;
    });
  return ['initContainers', 'containers'].reduce((each, field) => withItems(each, field, asking), spec);
}

function container(given: JsonObject): JsonObject {
  const filled = withValues(given, {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: isLatest(given['image']) ? 'Always' : 'IfNotPresent',
  });
  const reachable = withItems(filled, 'ports', (port) => withValues(port, { protocol: 'TCP' }));
  const configured = withItems(reachable, 'env', (variable) =>
    withChanged(variable, 'valueFrom', (source) =>
      withChanged(source, 'fieldRef', (reference) => withValues(reference, { apiVersion: 'v1' })),
    ),
  );
  return PROBES.reduce((each, field) => withChanged(each, field, probe), configured);
}

function probe(given: JsonObject): JsonObject {
  return withChanged(withValues(given, PROBE), 'httpGet', (get) => withValues(get, { path: '/', scheme: 'HTTP' }));
}

function volume(given: JsonObject): JsonObject {
  if (Object.keys(given).length === 1) return { ...given, emptyDir: {} };
  const filed = ['secret', 'configMap', 'downwardAPI', 'projected'].reduce(
    (each, source) => withChanged(each, source, (value) => withValues(value, FILE_MODE)),
    given,
  );
  return withChanged(filed, 'hostPath', (path) => ({ type: '', ...path }));
}

/** Whether an image may be another tomorrow: its tag is `latest` or missing, and it has no digest. */
function isLatest(image: unknown): boolean {
  if (typeof image !== 'string' || image.includes('@')) return false;
  const name = image.slice(image.lastIndexOf('/') + 1);
  return !name.includes(':') || name.endsWith(':latest');
}
