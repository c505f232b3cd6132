import type { Sample } from '../../../src/observe/testing/exposition.ts';

/** A series as tests of promtool take it. */
export interface InputSeries {
  /** `name{label="value"}` */
  readonly series: string;
  /** One for each scrape, separated by blanks; `_` where the series was not there. */
  readonly values: string;
}

/** What was scraped, one scrape after the other at even distances. */
export class RecordedSeries {
  readonly #target: Readonly<Record<string, string>>;
  readonly #series = new Map<string, (number | undefined)[]>();
  #scrapes = 0;

  /** `target`: the labels that Prometheus adds. */
  constructor(target: Readonly<Record<string, string>>) {
    this.#target = target;
  }

  get scrapes(): number {
    return this.#scrapes;
  }

  add(samples: Iterable<Sample>): void {
    for (const { name, labels, value } of samples) {
      const key = seriesText(name, { ...labels, ...this.#target });
      const values = this.#series.get(key) ?? [];
      this.#series.set(key, values);
      values[this.#scrapes] = value;
    }
    this.#scrapes += 1;
  }

  /** Of all series whose names `isWanted`. */
  input(isWanted: (name: string) => boolean): readonly InputSeries[] {
    return [...this.#series]
      .filter(([series]) => isWanted(series.split('{', 1)[0] ?? ''))
      .map(([series, values]) => ({
        series,
        values: Array.from({ length: this.#scrapes }, (_, at) => values[at] ?? '_').join(' '),
      }));
  }
}

function seriesText(name: string, labels: Readonly<Record<string, string>>): string {
  return `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')}}`;
}
