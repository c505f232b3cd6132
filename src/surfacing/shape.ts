/** The forms in which a group-version can show, in the order in which they are reported. */
export const SHAPES = {
  v2: 'aggregated v2',
  v2beta1: 'aggregated v2beta1',
  root: 'unaggregated root',
  group: 'unaggregated group',
  version: 'resource list',
  openapiV3: 'OpenAPI v3 index',
  crd: 'CustomResourceDefinition',
  apiService: 'APIService',
} as const;

export type Shape = keyof typeof SHAPES;

/** The shapes that clients read through the proxy; the others are objects behind them. */
export const MERGED_SHAPES: readonly Shape[] = ['v2', 'v2beta1', 'root', 'group', 'version', 'openapiV3'];

/** What one shape says, on one server or in the merged view. */
export interface ShapeFinding {
  readonly state:
    | 'listed'
    /** Listed, but nobody vouches for it at the moment. */
    | 'stale'
    | 'missing'
    /** Nothing can be expected there: the shape is not offered, or there is no such object by design. */
    | 'not-applicable'
    /** It could not be read. */
    | 'unknown';
  /** Why, in words; '' where there is nothing to say. */
  readonly note: string;
}

export const LISTED: ShapeFinding = { state: 'listed', note: '' };

/** The path of a shape's document; for objects their name. */
export function shapePath(shape: Shape, group: string, version: string, resource: string | undefined): string {
  const root = group === '' ? '/api' : '/apis';
  const groupPath = group === '' ? root : `${root}/${group}`;
  switch (shape) {
    case 'v2':
    case 'v2beta1':
    case 'root':
      return root;
    case 'group':
      return groupPath;
    case 'version':
      return `${groupPath}/${version}`;
    case 'openapiV3':
      return '/openapi/v3';
    case 'crd':
      return `${resource ?? '*'}.${group}`;
    case 'apiService':
      return `${version}.${group}`;
  }
}
