import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podSpec, withRequests } from './pod-defaults.ts';
import { clientWithNamespace } from './testing/resource-client.ts';
import {
  cronJobSpec,
  daemonSetSpec,
  deploymentSpec,
  jobSpec,
  replicaSetSpec,
  statefulSetSpec,
} from './workload-defaults.ts';

// Expected values are what kube-apiserver 1.37.2 answered to the same objects.

const CONTAINER = {
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'Always',
};
const POD = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  securityContext: {},
  schedulerName: 'default-scheduler',
};
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } };
const filledTemplate = {
  ...template,
  spec: { ...POD, containers: [{ name: 'c', image: 'nginx', ...CONTAINER }] },
};

test('a Deployment rolls, unless it says otherwise', () => {
  const common = { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, template: filledTemplate };
  const rolling = (update: object) => ({ ...common, strategy: { type: 'RollingUpdate', rollingUpdate: update } });
  assert.deepEqual(deploymentSpec({ template }), rolling({ maxUnavailable: '25%', maxSurge: '25%' }));
  assert.deepEqual(
    deploymentSpec({ template, strategy: { rollingUpdate: { maxSurge: 1 } } }),
    rolling({ maxUnavailable: '25%', maxSurge: 1 }),
  );
  const recreated = { ...common, strategy: { type: 'Recreate' }, replicas: 0 };
  assert.deepEqual(deploymentSpec({ template, strategy: { type: 'Recreate' }, replicas: 0 }), recreated);
  assert.deepEqual(deploymentSpec(recreated), recreated);
});

test('other workloads get what theirs have', () => {
  assert.deepEqual(replicaSetSpec({ template }), { replicas: 1, template: filledTemplate });
  assert.deepEqual(daemonSetSpec({ template }), {
    template: filledTemplate,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    revisionHistoryLimit: 10,
  });
  const claim = { metadata: { name: 'd' }, spec: { accessModes: ['ReadWriteOnce'] } };
  assert.deepEqual(statefulSetSpec({ template, volumeClaimTemplates: [claim] }), {
    replicas: 1,
    template: filledTemplate,
    volumeClaimTemplates: [{ ...claim, spec: { ...claim.spec, volumeMode: 'Filesystem' } }],
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    revisionHistoryLimit: 10,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  });
  const job = {
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    template: filledTemplate,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
  };
  assert.deepEqual(jobSpec({ template }), job);
  const { completions: _, ...open } = job;
  assert.deepEqual(jobSpec({ template, parallelism: 2 }), { ...open, parallelism: 2 });
  assert.deepEqual(cronJobSpec({ schedule: '* * * * *', jobTemplate: { spec: { template } } }), {
    schedule: '* * * * *',
    concurrencyPolicy: 'Allow',
    suspend: false,
    jobTemplate: { spec: { template: filledTemplate } },
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  });
});

test('images that may change are pulled always', () => {
  const policies = (...images: readonly string[]) => {
    const { containers } = podSpec({ containers: images.map((image) => ({ name: 'c', image })) });
    return (containers as readonly { imagePullPolicy: string }[]).map(({ imagePullPolicy }) => imagePullPolicy);
  };
  assert.deepEqual(policies('nginx', 'h:5000/nginx', 'h:5000/nginx:latest'), ['Always', 'Always', 'Always']);
  assert.deepEqual(policies('nginx:1.2', `nginx@sha256:${'a'.repeat(64)}`), ['IfNotPresent', 'IfNotPresent']);
});

test('what containers and volumes hold gets its defaults, too', () => {
  const spec = podSpec({
    ...POD,
    initContainers: [{ name: 'i', image: 'x' }],
    containers: [
      {
        name: 'c',
        image: 'x',
        ports: [{ containerPort: 80 }],
        livenessProbe: { httpGet: { port: 1 } },
        env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      },
    ],
    volumes: [
      { name: 'a', configMap: { name: 'x' } },
      { name: 'b' },
      { name: 's', secret: { secretName: 'x' } },
      { name: 'h', hostPath: { path: '/a' } },
    ],
  });
  assert.deepEqual(spec, {
    ...POD,
    initContainers: [{ name: 'i', image: 'x', ...CONTAINER }],
    containers: [
      {
        name: 'c',
        image: 'x',
        ...CONTAINER,
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        livenessProbe: {
          httpGet: { port: 1, path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        env: [{ name: 'A', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }],
      },
    ],
    volumes: [
      { name: 'a', configMap: { name: 'x', defaultMode: 420 } },
      { name: 'b', emptyDir: {} },
      { name: 's', secret: { secretName: 'x', defaultMode: 420 } },
      { name: 'h', hostPath: { path: '/a', type: '' } },
    ],
  });
  const limited = { name: 'c', resources: { limits: { cpu: '1', memory: '2' }, requests: { memory: '1' } } };
  assert.deepEqual(withRequests({ containers: [limited] }), {
    containers: [{ name: 'c', resources: { ...limited.resources, requests: { cpu: '1', memory: '1' } } }],
  });
});

test('defaults belong to who created the object', async () => {
  const client = await clientWithNamespace();
  const path = '/apis/apps/v1/namespaces/ns/deployments';
  const { value } = await client.call('POST', path, { metadata: { name: 'd' }, spec: { template } });
  assert.deepEqual(value.spec.template, filledTemplate);
  const [{ fieldsV1 }] = value.metadata.managedFields;
  assert.deepEqual(fieldsV1['f:spec']['f:strategy'], {
    'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} },
    'f:type': {},
  });
  const replicated = await client.call('POST', '/api/v1/namespaces/ns/replicationcontrollers', {
    metadata: { name: 'r' },
    spec: { template },
  });
  assert.deepEqual([replicated.value.metadata.labels, replicated.value.spec.selector], [{ a: 'b' }, { a: 'b' }]);
});
