import { SEVERITIES, SKEW_CODE_NAMES, SKEW_CODES, type SkewCode } from './skew-codes.ts';
import type { SkewFinding } from './skew-report.ts';

/** Something found of one resource, or of what `subject` names. */
export interface RawFinding {
  readonly code: SkewCode;
  readonly group: string;
  /** '' when it is about all versions, or none. */
  readonly version: string;
  /** `jobs/status`; undefined when the finding is not about a resource. */
  readonly resource: string | undefined;
  /** Findings of one code, group and version with the same key are one. */
  readonly key: string;
  readonly servers: readonly string[];
  /** The subject, and what is so of it. `resources` as they were found. */
  readonly say: (resources: readonly string[]) => { readonly subject: string; readonly text: string };
}

/** Findings as they are made, those that say the same of several resources as one. */
export class FindingList {
  readonly #found = new Map<string, { readonly first: RawFinding; readonly resources: string[] }>();

  add(finding: RawFinding): void {
    const { code, group, version, key, resource } = finding;
    const id = JSON.stringify([code, group, version, key]);
    const same = this.#found.get(id) ?? { first: finding, resources: [] };
    this.#found.set(id, same);
    if (resource !== undefined) same.resources.push(resource);
  }

  /** The gravest first, then in the order in which they were found. */
  all(): readonly SkewFinding[] {
    const findings = [...this.#found.values()].map(({ first, resources }): SkewFinding => {
      const { code, group, version, servers } = first;
      const { severity, remedy } = SKEW_CODES[code];
      return { code, severity, group, version, resources, ...first.say(resources), remedy, servers };
    });
    const weight = ({ severity, code }: SkewFinding) =>
      SEVERITIES.indexOf(severity) * SKEW_CODE_NAMES.length + SKEW_CODE_NAMES.indexOf(code);
    return findings.sort((left, right) => weight(left) - weight(right));
  }
}
