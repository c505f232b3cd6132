import { parse } from 'yaml';
import type { JsonObject } from '../../api-object.ts';
import { badRequest } from '../api-error.ts';
import { jsonKind } from './go-format.ts';
import { isObject } from './json.ts';

/** Scalars that YAML 1.1 knows and Kubernetes' parser does not: they are text. */
const TEXT_ONLY: ReadonlySet<string> = new Set(['timestamp', 'intTime', 'floatTime']);

/**
 * One object in YAML 1.1, as Kubernetes reads manifests (`yes` is true), or in JSON, which is a part of it. Throws ApiError
 * 400.
 */
export function parseYaml(body: Uint8Array): JsonObject {
  const text = new TextDecoder().decode(body);
  const value = parseJsonOrYaml(text) ?? {};
  if (isObject(value)) return value;
  throw badRequest(
    'error decoding patch: error unmarshaling JSON: while decoding JSON: ' +
      `json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`,
  );
}

function parseJsonOrYaml(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON, so it has to be YAML.
  }
  try {
    return parse(text, {
      version: '1.1',
      logLevel: 'silent',
      uniqueKeys: false,
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !isTextOnly(tag)),
    });
  } catch (error) {
    throw badRequest(`error encoding patch: ${error instanceof Error ? error.message : error}`);
  }
}

function isTextOnly({ tag, format }: { readonly tag: string; readonly format?: string }): boolean {
  return format === 'TIME' || TEXT_ONLY.has(tag.replace('tag:yaml.org,2002:', ''));
}
