/** A type that only one of the two servers serves, and how to make objects of it. */
export interface SkewedResource {
  readonly servedBy: 'old' | 'new';
  readonly collection: string;
  /** Name of the object with that number; every name is used once. */
  name(id: number): string;
  /** Everything but metadata. */
  readonly content: object;
}

/** Runtime configuration with which 1.34.4 serves a group-version that 1.37.2 no longer has. */
export const OLD_RUNTIME_CONFIG = 'networking.k8s.io/v1beta1=true';

const named = (id: number): string => `load-${id}`;

const DEVICE_TAINT_RULES: SkewedResource = {
  servedBy: 'new',
  collection: '/apis/resource.k8s.io/v1/devicetaintrules',
  name: named,
  content: {
    spec: {
      deviceSelector: { driver: 'driver.example' },
      taint: { key: 'example/taint', value: 'yes', effect: 'NoSchedule' },
    },
  },
};

const STORAGE_VERSION_MIGRATIONS: SkewedResource = {
  servedBy: 'new',
  collection: '/apis/storagemigration.k8s.io/v1/storageversionmigrations',
  name: named,
  content: { spec: { resource: { group: '', resource: 'configmaps' } } },
};

const MUTATING_ADMISSION_POLICY_BINDINGS: SkewedResource = {
  servedBy: 'new',
  collection: '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings',
  name: named,
  content: { spec: { policyName: 'nobody-wrote-it' } },
};

/** Needs {@link OLD_RUNTIME_CONFIG}. */
const IP_ADDRESSES: SkewedResource = {
  servedBy: 'old',
  collection: '/apis/networking.k8s.io/v1beta1/ipaddresses',
  name: (id) => `10.${100 + (id >> 16)}.${(id >> 8) & 255}.${id & 255}`,
  content: { spec: { parentRef: { resource: 'services', namespace: 'default', name: 'nobody' } } },
};

/** What 1.34.4 and 1.37.2 do not both serve by default, and one type the other way round. */
export const SKEWED_RESOURCES: readonly SkewedResource[] = [
  DEVICE_TAINT_RULES,
  STORAGE_VERSION_MIGRATIONS,
  MUTATING_ADMISSION_POLICY_BINDINGS,
  IP_ADDRESSES,
];
