import { type GroupVersionResource, groupVersion } from '../api-object.ts';
import { emptyCertificateRequest } from './certificate-request.ts';
import { typeName } from './served-history.ts';

/** A type of which the rehearsal can make objects that real servers accept, too. */
export interface TypeSample extends GroupVersionResource {
  readonly kind: string;
  readonly namespaced: boolean;
  /** Everything but apiVersion, kind and metadata. */
  readonly fields: object;
}

/** Of a lab: what samples are made of. */
export interface SampleMaterial {
  /** PEM certificate of an authority. */
  readonly authority: string;
}

/** Taken in this order: those first whose objects do nothing by themselves. */
const SAMPLES: readonly (Omit<TypeSample, 'fields'> & { readonly fieldsOf: (material: SampleMaterial) => object })[] = [
  {
    group: 'resource.k8s.io',
    version: 'v1',
    resource: 'devicetaintrules',
    kind: 'DeviceTaintRule',
    namespaced: false,
    fieldsOf: () => ({
      spec: {
        deviceSelector: { driver: 'rehearsal.example', pool: 'none' },
        taint: { key: 'rehearsal.example/taint', value: 'none', effect: 'NoSchedule' },
      },
    }),
  },
  {
    group: 'certificates.k8s.io',
    version: 'v1',
    resource: 'clustertrustbundles',
    kind: 'ClusterTrustBundle',
    namespaced: false,
    fieldsOf: ({ authority }) => ({ spec: { trustBundle: authority } }),
  },
  {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    resource: 'mutatingadmissionpolicies',
    kind: 'MutatingAdmissionPolicy',
    namespaced: false,
    // Without a binding a policy changes nothing.
    fieldsOf: () => ({
      spec: {
        failurePolicy: 'Ignore',
        reinvocationPolicy: 'Never',
        matchConstraints: {
          resourceRules: [
            { apiGroups: ['rehearsal.example'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothing'] },
          ],
        },
        mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }],
      },
    }),
  },
  {
    group: 'certificates.k8s.io',
    version: 'v1',
    resource: 'podcertificaterequests',
    kind: 'PodCertificateRequest',
    namespaced: true,
    fieldsOf: () => ({
      spec: {
        signerName: 'rehearsal.example/signer',
        podName: 'pod',
        podUID: 'pod-uid',
        serviceAccountName: 'default',
        serviceAccountUID: 'account-uid',
        nodeName: 'node',
        nodeUID: 'node-uid',
        maxExpirationSeconds: 3600,
        stubPKCS10Request: emptyCertificateRequest().toString('base64'),
      },
    }),
  },
];

/** Those of the types of which there are samples, in the order of preference. */
export function samplesOf(types: readonly GroupVersionResource[], material: SampleMaterial): readonly TypeSample[] {
  const names = new Set(types.map(typeName));
  return SAMPLES.filter((sample) => names.has(typeName(sample))).map(({ fieldsOf, ...type }) => ({
    ...type,
    fields: fieldsOf(material),
  }));
}

/** A whole object of the sample's type. */
export function sampleObject(sample: TypeSample, metadata: object): object {
  return { apiVersion: groupVersion(sample), kind: sample.kind, metadata, ...sample.fields };
}

export const CONFIG_MAPS: TypeSample = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
  fields: { data: {} },
};

export const LEASES: TypeSample = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  kind: 'Lease',
  namespaced: true,
  fields: { spec: {} },
};

export const NAMESPACES: GroupVersionResource = { group: '', version: 'v1', resource: 'namespaces' };
