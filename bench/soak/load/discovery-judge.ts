import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** What only one of the servers serves: without it the document is not that of all of them. */
const OF_ONE_SERVER = '"devicetaintrules"';
const MAX_KNOWN = 1_000;

/** Judges merged documents: whole, of all servers, and the same whenever their ETag is. */
export class DiscoveryJudge {
  readonly #known = new Map<string, string>();
  #latest: string | undefined;

  /** The ETag of the latest document, for conditional requests. */
  get latest(): string | undefined {
    return this.#latest;
  }

  judge(body: Buffer, fields: IncomingHttpHeaders): string | undefined {
    const encoding = fields['content-encoding'] ?? 'identity';
    const { etag } = fields;
    if (etag === undefined) return 'a document without ETag';
    if (body.length === 0) return undefined;
    const key = `${etag} ${encoding}`;
    const hash = createHash('sha1').update(body).digest('base64');
    const known = this.#known.get(key);
    if (known !== undefined) return known === hash ? undefined : `two documents with the ETag ${etag} (${encoding})`;
    const fault = faultOf(body, encoding);
    if (fault !== undefined) return fault;
    this.#latest = etag;
    if (this.#known.size === MAX_KNOWN) this.#known.clear();
    this.#known.set(key, hash);
    return undefined;
  }
}

function faultOf(body: Buffer, encoding: string): string | undefined {
  try {
    const text = (encoding === 'gzip' ? gunzipSync(body) : body).toString();
    const document: { readonly kind?: string } = JSON.parse(text);
    if (document.kind !== 'APIGroupDiscoveryList') return `a document of kind ${document.kind}`;
    return text.includes(OF_ONE_SERVER) ? undefined : `a document without ${OF_ONE_SERVER}`;
  } catch (error) {
    return `a document of ${body.length} bytes that cannot be read: ${String(error)}`;
  }
}
