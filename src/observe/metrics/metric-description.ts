export type MetricType = 'counter' | 'gauge' | 'histogram';

/** Values of a label: all there are, or in words what they are and how many there can be. */
export type LabelValues = readonly string[] | string;

/** One metric, as the exposition, the reference page and the checks of dashboard and alert rules know it. */
export interface MetricDescription {
  readonly type: MetricType;
  /** What it says. HELP of the exposition. */
  readonly help: string;
  /** By name. */
  readonly labels: Readonly<Record<string, LabelValues>>;
  /** What to do when it moves. */
  readonly action: string;
}

/** By name of the metric. */
export type MetricTable = Readonly<Record<string, MetricDescription>>;

/** What a metric's samples are labelled with. */
export type LabelsOf<Description extends MetricDescription> = Readonly<
  Record<keyof Description['labels'] & string, string>
>;

/** The keys of a table that the compiler holds complete. */
export function allOf<Value extends string>(values: Readonly<Record<Value, true>>): readonly Value[] {
  return Object.keys(values) as Value[];
}
