import { parentPort, workerData } from 'node:worker_threads';
import { type AnyDiscoveryDocument, type DiscoveryDocumentKind, parseDocument } from './parse-document.ts';

/** The document to read, for the worker. */
export interface DiscoveryWork {
  readonly kind: DiscoveryDocumentKind;
  readonly text: Uint8Array;
}

/** What came of it: JSON in parts that each parse without a noticeable pause, lists of groups cut between groups. */
export type DiscoveryWorkResult =
  | { readonly kind: 'read'; readonly parts: readonly string[] }
  | { readonly kind: 'malformed'; readonly message: string };

const PART_CHARACTERS = 256 * 1024;

function partsOf(document: AnyDiscoveryDocument): readonly string[] {
  if (!Array.isArray(document)) return [JSON.stringify(document)];
  const parts: string[] = [];
  let part: string[] = [];
  let characters = 0;
  for (const item of document) {
    const text = JSON.stringify(item);
    part.push(text);
    characters += text.length;
    if (characters < PART_CHARACTERS) continue;
    parts.push(`[${part.join()}]`);
    part = [];
    characters = 0;
  }
  return [...parts, `[${part.join()}]`];
}

function work({ kind, text }: DiscoveryWork): DiscoveryWorkResult {
  try {
    return { kind: 'read', parts: partsOf(parseDocument(kind, text)) };
  } catch (error) {
    return { kind: 'malformed', message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(work(workerData));
