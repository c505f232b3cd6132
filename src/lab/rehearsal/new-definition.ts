import { resourcePath } from '../client/api-path.ts';
import { asClientError } from '../client/client-error.ts';
import type { LabClient } from '../client/lab-client.ts';
import { isRecord, type ListedObject } from '../client/listed-object.ts';
import { typeName } from './served-history.ts';
import type { Stage } from './stage.ts';
import { sampleObject, type TypeSample } from './type-samples.ts';

/** The custom type that somebody installs midway. */
export const WIDGETS: TypeSample = {
  group: 'rehearsal.example',
  version: 'v1',
  resource: 'widgets',
  kind: 'Widget',
  namespaced: true,
  fields: { spec: { size: 1 } },
};

const DEFINITIONS = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };
const NAME = `${WIDGETS.resource}.${WIDGETS.group}`;
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: NAME },
  spec: {
    group: WIDGETS.group,
    scope: 'Namespaced',
    names: { plural: WIDGETS.resource, singular: 'widget', kind: WIDGETS.kind, listKind: `${WIDGETS.kind}List` },
    versions: [
      {
        name: WIDGETS.version,
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        },
      },
    ],
  },
};
const LISTS = 5;

/**
 * Installs a CustomResourceDefinition through the front, waits until the API says that it is established, and uses the type
 * at once: lists it and creates an object. Resolves with whether the type can be used.
 */
export async function installDefinition(stage: Stage, namespace: string): Promise<boolean> {
  const client = stage.client('definition-creator');
  const made = await stage.create(client, resourcePath(DEFINITIONS), DEFINITION, NAME);
  if (made === undefined) return false;
  if (!(await stage.until(`${NAME} is established`, () => isEstablished(client)))) return false;
  stage.served.defined(typeName(WIDGETS), Date.now());
  stage.measurements.mark('definition', `${NAME} is established and used at once`);
  const collection = resourcePath(WIDGETS, { namespace });
  for (let count = 0; count < LISTS; count += 1) await client.request('GET', collection).catch(() => undefined);
  const body = sampleObject(WIDGETS, { name: 'first', namespace });
  return (await stage.create(client, collection, body, 'first')) !== undefined;
}

async function isEstablished(client: LabClient): Promise<boolean> {
  let definition: ListedObject;
  try {
    definition = await client.object('GET', resourcePath(DEFINITIONS, { name: NAME }));
  } catch (error) {
    asClientError(error);
    return false;
  }
  const { status } = definition;
  const conditions = isRecord(status) && Array.isArray(status['conditions']) ? status['conditions'] : [];
  return conditions.filter(isRecord).some(({ type, status: is }) => type === 'Established' && is === 'True');
}
