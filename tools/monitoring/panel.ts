/** One query of a panel. */
export interface Query {
  readonly expression: string;
  /** Grafana's format: `{{server}}`. */
  readonly legend?: string;
}

export type PanelKind = 'stat' | 'timeseries' | 'state-timeline' | 'table';

/** One panel, as far as it differs from others of its kind. */
export interface Panel {
  readonly title: string;
  /** What it says, and what to do when it is not as it should be. */
  readonly description: string;
  readonly kind: PanelKind;
  /** Of Grafana; default: a plain number. */
  readonly unit?: 's' | 'short' | 'reqps' | 'bytes' | 'percentunit';
  readonly queries: readonly Query[];
  /** From this value on it is shown in red; 0 is green. */
  readonly alarm?: number;
  /** Of 24 columns. Default: 12. */
  readonly width?: number;
  /** Shows how series add up. */
  readonly stacked?: boolean;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const COLUMNS = 24;
const HEIGHT: Readonly<Record<PanelKind, number>> = { stat: 4, timeseries: 8, 'state-timeline': 7, table: 8 };
const DATA_SOURCE = { type: 'prometheus', uid: '$datasource' };
const GREEN = { color: 'green', value: null };

/** Rows one below the other, panels from left to right: the `panels` of a Grafana dashboard. */
export function layOut(rows: readonly Row[]): readonly object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, panels: own } of rows) {
    panels.push({
      type: 'row',
      id: panels.length + 1,
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of own) {
      const { width: w = COLUMNS / 2, kind } = panel;
      if (x + w > COLUMNS) {
        y += height;
        [x, height] = [0, 0];
      }
      panels.push(panelJson(panel, panels.length + 1, { x, y, w, h: HEIGHT[kind] }));
      x += w;
      height = Math.max(height, HEIGHT[kind]);
    }
    y += height;
  }
  return panels;
}

function panelJson(panel: Panel, id: number, gridPos: object): object {
  const { title, description, kind, unit = 'short', queries, alarm, stacked = false } = panel;
  const steps = alarm === undefined ? [GREEN] : [GREEN, { color: 'red', value: alarm }];
  const isInstant = kind === 'stat' || kind === 'table';
  return {
    type: kind,
    id,
    title,
    description,
    gridPos,
    datasource: DATA_SOURCE,
    targets: queries.map(({ expression, legend }, at) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + at),
      datasource: DATA_SOURCE,
      expr: expression,
      ...(legend !== undefined && { legendFormat: legend }),
      ...(isInstant ? { instant: true, range: false } : { range: true }),
      ...(kind === 'table' && { format: 'table' }),
    })),
    fieldConfig: {
      defaults: {
        unit,
        thresholds: { mode: 'absolute', steps },
        color: { mode: kind === 'timeseries' ? 'palette-classic' : 'thresholds' },
        ...(kind === 'timeseries' && {
          custom: { fillOpacity: stacked ? 30 : 0, stacking: { mode: stacked ? 'normal' : 'none', group: 'A' } },
        }),
      },
      overrides: [],
    },
    options: optionsOf(kind),
    ...(kind === 'table' && { transformations: [HIDE_TIME] }),
  };
}

const HIDE_TIME = { id: 'organize', options: { excludeByName: { Time: true } } };

function optionsOf(kind: PanelKind): object {
  switch (kind) {
    case 'stat':
      return {
        colorMode: 'background',
        graphMode: 'none',
        textMode: 'value',
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      };
    case 'timeseries':
      return {
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
        tooltip: { mode: 'multi', sort: 'desc' },
      };
    case 'state-timeline':
      return { mergeValues: true, showValue: 'never', legend: { showLegend: false } };
    case 'table':
      return { showHeader: true };
  }
}
