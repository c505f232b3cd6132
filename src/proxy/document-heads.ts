import type { PublishedDocument, PublishedRepresentations } from '../discovery/published-discovery.ts';
import type { ResponseHead } from '../wire/exchange.ts';
import type { Fields } from '../wire/fields.ts';

/**
 * The heads of the answers with one document. Each is made when somebody needs it first, and is the same object from then
 * on, so that the wire need not encode it anew.
 */
export class DocumentHeads {
  readonly #document: PublishedRepresentations;
  readonly #about: Fields;
  #notModified: ResponseHead | undefined;
  #identity: ResponseHead | undefined;
  #gzip: ResponseHead | undefined;
  #pretty: ResponseHead | undefined;

  /** `about`: the fields that all answers with the document have. */
  constructor(document: PublishedRepresentations, about: Fields) {
    this.#document = document;
    this.#about = about;
  }

  get notModified(): ResponseHead {
    this.#notModified ??= { status: 304, fields: this.#about };
    return this.#notModified;
  }

  get identity(): ResponseHead {
    this.#identity ??= this.#whole(this.#document.identity, []);
    return this.#identity;
  }

  get gzip(): ResponseHead {
    this.#gzip ??= this.#whole(this.#document.gzip, ['content-encoding', 'gzip', 'vary', 'Accept-Encoding']);
    return this.#gzip;
  }

  get pretty(): ResponseHead {
    this.#pretty ??= this.#whole(this.#document.pretty, []);
    return this.#pretty;
  }

  #whole({ length }: Uint8Array, coding: Fields): ResponseHead {
    const type = ['content-type', this.#document.contentType];
    return { status: 200, fields: [...this.#about, ...type, ...coding, 'content-length', String(length)] };
  }
}

const heads = new WeakMap<PublishedRepresentations, DocumentHeads>();

/** Of an aggregated document, with kube-apiserver's fields (pkg/endpoints/discovery/aggregated). */
export function aggregatedHeads(document: PublishedDocument): DocumentHeads {
  return heads.get(document) ?? made(document, ['etag', document.etag, 'vary', 'Accept', 'cache-control', 'public']);
}

/** Of an unaggregated document, of which nothing may be kept (apiserver pkg/endpoints/filters/cachecontrol.go). */
export function unaggregatedHeads(document: PublishedRepresentations): DocumentHeads {
  return heads.get(document) ?? made(document, ['cache-control', 'no-cache, private']);
}

function made(document: PublishedRepresentations, about: Fields): DocumentHeads {
  const of = new DocumentHeads(document, about);
  heads.set(document, of);
  return of;
}
