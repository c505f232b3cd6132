import type { GroupVersionResource } from '../../api-object.ts';
import type { ServedTypes } from '../served-type.ts';

/** `types` to a router that does not know one of them, while discovery goes on to list it: a server that is wrong about itself. */
export function withoutType(types: ServedTypes, denied: GroupVersionResource): ServedTypes {
  return {
    find: (type) => (isSame(type, denied) ? undefined : types.find(type)),
    all: () => types.all(),
  };
}

function isSame(one: GroupVersionResource, other: GroupVersionResource): boolean {
  return one.resource === other.resource && one.group === other.group && one.version === other.version;
}
