import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../observe/logger.ts';
import type { OpenAPIEncoding } from '../../openapi/openapi-encoding.ts';
import type { OpenAPIDocument } from '../../proxy/published-openapi.ts';
import type { ServerReport } from '../snapshot-builder.ts';
import { OpenAPIDocuments } from './openapi-documents.ts';
import { type FetchedOpenAPI, fetchOpenAPI, type OpenAPIFormat } from './openapi-fetch.ts';

/** How long a server whose document we have is waited for to say that it is still the same. */
const PATIENCE_MS = 1_000;

/**
 * `/openapi/v2` of all servers in one encoding. Nothing is read before somebody asks, and then only what has changed; all who ask meanwhile
 * share one reading.
 */
export class OpenAPIV2 {
  readonly #logger: Logger;
  readonly #format: OpenAPIFormat;
  readonly #documents: OpenAPIDocuments;
  /** Last good document by server. */
  readonly #held = new Map<string, FetchedOpenAPI>();
  #reading: Promise<OpenAPIDocument | undefined> | undefined;

  constructor(encoding: OpenAPIEncoding, logger: Logger) {
    this.#logger = logger;
    this.#format = { version: 'v2', encoding };
    // One document at a time: it is several megabytes, and whoever asks gets the newest.
    this.#documents = new OpenAPIDocuments(this.#format, 0);
  }

  /** `reports` in the snapshot's order. Undefined while no server's document is known. Never rejects. */
  read(reports: readonly ServerReport[]): Promise<OpenAPIDocument | undefined> {
    this.#reading ??= this.#read(reports).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(reports: readonly ServerReport[]): Promise<OpenAPIDocument | undefined> {
    const names = new Set(reports.map(({ name }) => name));
    for (const name of this.#held.keys()) if (!names.has(name)) this.#held.delete(name);
    await Promise.all(reports.map((report) => this.#refresh(report)));
    const parts = reports.flatMap(({ name }) => this.#held.get(name) ?? []);
    if (parts.length === 0) return undefined;
    try {
      return await this.#documents.of(parts);
    } catch (error) {
      this.#logger.warn('/openapi/v2 cannot be merged', { error });
      return undefined;
    }
  }

  async #refresh({ name, ready, openapi }: ServerReport): Promise<void> {
    if (!ready || openapi === undefined) return;
    const held = this.#held.get(name);
    const reading = fetchOpenAPI(openapi, '/openapi/v2', this.#format, held).then(
      (fetched) => {
        if (fetched === undefined) this.#held.delete(name);
        else this.#held.set(name, fetched);
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#logger.warn('/openapi/v2 of a server cannot be read; the last good one is kept', {
          server: name,
          reason,
        });
      },
    );
    if (held === undefined) await reading;
    else await Promise.race([reading, delay(PATIENCE_MS, undefined, { ref: false })]);
  }
}
