import { V2 } from '../../test/real/support/aggregated-discovery.ts';
import type { HttpClient } from '../../test/real/support/http-client.ts';
import { aggregated, type Type } from '../../test/real/support/shapes.ts';
import type { Sightings } from '../../test/real/support/sightings.ts';
import { isUnknownResource } from '../../test/real/support/unknown-resource.ts';
import { type Stage, watchRequest } from './stage.ts';

const MERGED = aggregated('merged', V2);
const FALSE_404 = 'false 404';

/** What an endpoint says of a type that one server alone serves: to requests for its objects, and in its merged document. */
export interface Observed {
  /** The status, or `false 404`. */
  readonly requests: Sightings;
  /** `Current`, `Stale` or `absent`. */
  readonly merged: Sightings;
}

export function observe(stage: Stage, client: HttpClient, type: Type): Observed {
  const { group, version, resource } = type;
  return {
    requests: watchRequest(client, { target: `/apis/${group}/${version}/${resource}` }, (answer) =>
      isUnknownResource(answer) ? FALSE_404 : String(answer.status),
    ),
    merged: stage.watch(client, MERGED, type),
  };
}

/** How often requests for objects were answered what. */
export class AnswerCounts {
  readonly #answers = new Map<string, number>();

  add({ counts }: Sightings): void {
    for (const [value, times] of counts) this.#answers.set(value, (this.#answers.get(value) ?? 0) + times);
  }

  get counts(): [string, number][] {
    const counts = [...this.#answers]
      .filter(([value]) => value !== FALSE_404)
      .map(([value, times]): [string, number] => [`answers to these requests: ${value}`, times]);
    return [...counts, [`**answers to these requests: ${FALSE_404}**`, this.#answers.get(FALSE_404) ?? 0]];
  }
}
