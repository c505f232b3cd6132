import { readdirSync, readFileSync } from 'node:fs';

const FIXTURES = new URL('../../../test/fixtures/discovery/', import.meta.url);

/** Releases whose discovery was recorded from a kube-apiserver in default configuration. */
export const RECORDED = ['1.34.4', '1.36.3', '1.37.2'] as const;
export type RecordedVersion = (typeof RECORDED)[number];

/** A recorded file as text, such as `apis-v2.json` or `legacy/api-v1.json`. */
export function recordedText(version: RecordedVersion, file: string): string {
  return readFileSync(new URL(`${version}/${file}`, FIXTURES), 'utf8');
}

export function recordedJson(version: RecordedVersion, file: string): unknown {
  return JSON.parse(recordedText(version, file));
}

export function recordedLegacyFiles(version: RecordedVersion): readonly string[] {
  return readdirSync(new URL(`${version}/legacy/`, FIXTURES)).sort();
}
