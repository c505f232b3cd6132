/** A type of a deprecated version that somebody asked a server for since it started. */
export interface RequestedAPI {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** The minor version in which it is gone, such as 1.32; '' where that is not decided. */
  readonly removedRelease: string;
}

const LINE = /^apiserver_requested_deprecated_apis\{(.*)\} (\S+)/gm;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/**
 * Reads `apiserver_requested_deprecated_apis` in a server's metrics (k8s.io/apiserver/pkg/endpoints/metrics): a gauge that is 1
 * for every deprecated type that was requested. It does not say by whom.
 */
export function requestedDeprecatedAPIs(metrics: string): readonly RequestedAPI[] {
  return [...metrics.matchAll(LINE)].flatMap(([, labels = '', value]) => {
    if (Number(value) === 0) return [];
    const named = Object.fromEntries([...labels.matchAll(LABEL)].map(([, name, text]) => [name, text]));
    const { group = '', version = '', resource = '', subresource = '', removed_release: removedRelease = '' } = named;
    return [{ group, version, resource, subresource, removedRelease }];
  });
}
