import { parseAggregatedDiscovery } from '../../kubernetes/aggregated-discovery.ts';
import { type RecordedVersion, recordedJson } from '../../kubernetes/testing/recorded-documents.ts';
import { type ServerDiscovery, serverDiscovery } from '../server-discovery.ts';

/** What the recorded server of that release serves. */
export function recordedDiscovery(version: RecordedVersion): ServerDiscovery {
  return serverDiscovery(
    parseAggregatedDiscovery(recordedJson(version, 'api-v2.json')).items,
    parseAggregatedDiscovery(recordedJson(version, 'apis-v2.json')).items,
  );
}
