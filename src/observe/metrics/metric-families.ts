import { Counter, Gauge, type Registry } from 'prom-client';
import type { LabelsOf, MetricTable } from './metric-description.ts';

type NameOf<Table extends MetricTable> = keyof Table & string;
type Read<Labels> = (sample: (labels: Labels, value: number) => void) => void;

/** Registers the metrics of a table, whose samples are read when somebody scrapes. */
export class MetricFamilies<Table extends MetricTable> {
  readonly #registry: Registry;
  readonly #table: Table;

  constructor(registry: Registry, table: Table) {
    this.#registry = registry;
    this.#table = table;
  }

  /** `read` tells the counts since the start; those of equal labels add up. */
  counter<Name extends NameOf<Table>>(name: Name, read: Read<LabelsOf<Table[Name]>>): void {
    new Counter({
      ...this.#described(name),
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value));
      },
    });
  }

  /** Of samples with equal labels the last one counts. */
  gauge<Name extends NameOf<Table>>(name: Name, read: Read<LabelsOf<Table[Name]>>): void {
    new Gauge({
      ...this.#described(name),
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value));
      },
    });
  }

  #described(name: NameOf<Table>) {
    const { help = '', labels = {} } = this.#table[name] ?? {};
    return { name, help, labelNames: Object.keys(labels), registers: [this.#registry] };
  }
}
