import type { Type } from './shapes.ts';

export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const VERSION = 'v1';
const RESOURCE = 'gadgets';

/** A custom resource that nobody has defined before, in a group of its own. */
export interface Gadget extends Type {
  readonly definition: object;
  /** Path of the definition. */
  readonly definitionPath: string;
  /** Path of the objects. */
  readonly collection: string;
}

export function gadget(id: string): Gadget {
  const group = `${id}.convergence.example`;
  const name = `${RESOURCE}.${group}`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    group,
    version: VERSION,
    resource: RESOURCE,
    definitionPath: `${DEFINITIONS}/${name}`,
    collection: `/apis/${group}/${VERSION}/${RESOURCE}`,
    definition: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name },
      spec: {
        group,
        scope: 'Cluster',
        names: { plural: RESOURCE, singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
        versions: [{ name: VERSION, served: true, storage: true, schema }],
      },
    },
  };
}

export function gadgetObject({ group, version }: Type): object {
  return { apiVersion: `${group}/${version}`, kind: 'Gadget', metadata: { name: 'first' }, spec: { size: 1 } };
}
