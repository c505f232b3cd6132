/** Colours that can be read on white and on black, for pages whose scheme the picture is not told; otherwise it follows. */
const STYLE = `
text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #656d76; }
.title { font-size: 15px; font-weight: 600; }
.group { font-weight: 600; }
.label { text-anchor: end; }
.ours { font-weight: 700; }
.axis { stroke: #8b949e; stroke-width: 1; }
.line { fill: none; stroke: #2f81f7; stroke-width: 2; }
.dot, .c0 { fill: #2f81f7; }
.c1 { fill: #8b949e; }
.c2 { fill: #d29922; }
.c0.other { fill: #79b0f5; }
@media (prefers-color-scheme: light) {
  .title, .group, .ours { fill: #24292f; }
}
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1; }
  .title, .group, .ours { fill: #e6edf3; }
  .c0.other { fill: #1f538f; }
}`;

/** A whole SVG; `title` is read out and must be escaped. */
export function document(width: number, height: number, title: string, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${title}</title>
<style>${STYLE}
</style>
${parts.join('\n')}
</svg>
`;
}

export function text(x: number, y: number, content: string, names: string): string {
  return `<text class="${names}" x="${x.toFixed(1)}" y="${y.toFixed(1)}">${escaped(content)}</text>`;
}

export function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
