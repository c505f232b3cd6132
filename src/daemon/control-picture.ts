import type { ControlPicture } from '../observe/journal/control-watch.ts';
import type { ServerRegistry } from '../servers/server-registry.ts';

/** What the journal compares with what it saw before. */
export function controlPicture({ monitors, complete, snapshot, merged }: ServerRegistry): ControlPicture {
  const { generation, published } = snapshot;
  const documents = published === undefined ? '' : published['/api'].v2.etag + published['/apis'].v2.etag;
  return { servers: monitors, complete, generation, documents, merged };
}
