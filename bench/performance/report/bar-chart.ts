import { document, escaped, text } from './svg.ts';

export interface Bar {
  readonly label: string;
  /** One for each of the chart's segments, in its unit. */
  readonly values: readonly number[];
  readonly ours: boolean;
}

export interface BarChart {
  readonly title: string;
  readonly unit: string;
  /** What the colours mean; a single one needs no name. */
  readonly segments: readonly string[];
  readonly groups: readonly { readonly name: string; readonly bars: readonly Bar[] }[];
  /** Digits behind the point. */
  readonly digits: number;
}

const WIDTH = 760;
const LABELS = 200;
const VALUES = 70;
const BAR = 16;
const STEP = 21;
const GROUP_GAP = 30;
const TOP = 58;

/** Horizontal bars in groups, with their sums; each group has a scale of its own. */
export function barChart({ title, unit, segments, groups, digits }: BarChart): string {
  const parts = [text(0, 18, title, 'title'), text(0, 38, unit, 'note'), ...legend(segments)];
  let y = TOP;
  for (const { name, bars } of groups) {
    parts.push(text(0, y + 12, name, 'group'));
    y += STEP;
    const most = Math.max(...bars.map(({ values }) => sum(values)));
    for (const { label, values, ours } of bars) {
      parts.push(text(LABELS - 8, y + 12, label, ours ? 'label ours' : 'label'));
      let x = LABELS;
      for (const [i, value] of values.entries()) {
        const width = Math.max(0, (value / most) * (WIDTH - LABELS - VALUES));
        parts.push(
          `<rect class="c${i}${ours ? '' : ' other'}" x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR}"/>`,
        );
        x += width;
      }
      parts.push(text(x + 6, y + 12, sum(values).toFixed(digits), ours ? 'value ours' : 'value'));
      y += STEP;
    }
    y += GROUP_GAP - STEP;
  }
  return document(WIDTH, y, escaped(title), parts);
}

function legend(segments: readonly string[]): string[] {
  if (segments.length < 2) return [];
  return segments.flatMap((name, i) => {
    const x = LABELS + 40 + i * 150;
    return [`<rect class="c${i}" x="${x}" y="28" width="11" height="11"/>`, text(x + 17, 38, name, 'note')];
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
