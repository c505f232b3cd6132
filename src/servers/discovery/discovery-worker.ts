import { parentPort, workerData } from 'node:worker_threads';
import { type AnyDiscoveryDocument, type DiscoveryDocumentKind, parseDocument } from './parse-document.ts';

/** The document to read, for the worker. */
export interface DiscoveryWork {
  readonly kind: DiscoveryDocumentKind;
  readonly text: Uint8Array;
}

/** What came of it: its JSON, of an aggregated document that of each group. */
export type DiscoveryWorkResult =
  | { readonly kind: 'read'; readonly parts: readonly string[] }
  | { readonly kind: 'malformed'; readonly message: string };

function partsOf(document: AnyDiscoveryDocument): readonly string[] {
  return Array.isArray(document) ? document.map((item) => JSON.stringify(item)) : [JSON.stringify(document)];
}

function work({ kind, text }: DiscoveryWork): DiscoveryWorkResult {
  try {
    return { kind: 'read', parts: partsOf(parseDocument(kind, text)) };
  } catch (error) {
    return { kind: 'malformed', message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(work(workerData));
