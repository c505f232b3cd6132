/** The look of the report. Colours keep their contrast in both schemes; nothing is fetched from anywhere. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1c2430; --soft: #5a6675; --line: #d4dae2; --paper: #fff; --band: #f3f6fa; --good: #10733a; --bad: #b3261e; --blue: #2458b8; --amber: #9a6200; --violet: #7a3fb0; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e9f0; --soft: #9aa6b5; --line: #343d4a; --paper: #14181f; --band: #1c222b; --good: #5fd08d; --bad: #ff8a80; --blue: #8ab4ff; --amber: #f0b95a; --violet: #c9a0ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px; max-width: 960px; background: var(--paper); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; } h2 { font-size: 19px; margin: 36px 0 8px; } h3 { font-size: 15px; margin: 20px 0 2px; }
p { margin: 4px 0 12px; } .soft { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 12px 0; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { text-align: left; } thead th { border-bottom: 2px solid var(--line); }
td small { display: block; color: var(--soft); max-width: 46ch; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
svg { width: 100%; height: auto; display: block; }
.tick { font-size: 11px; fill: var(--soft); } .grid { stroke: var(--line); stroke-width: 1; }
.phase.odd { fill: var(--band); } .phase.even { fill: transparent; }
.mark { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; }
.curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.blue { stroke: var(--blue); } .red { stroke: var(--bad); } .amber { stroke: var(--amber); stroke-dasharray: 5 3; } .violet { stroke: var(--violet); stroke-dasharray: 1.5 3; } .green { stroke: var(--good); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; color: var(--soft); font-size: 13px; margin: 0 0 4px 48px; padding: 0; list-style: none; }
.legend svg { display: inline-block; width: 26px; height: 8px; margin-right: 6px; vertical-align: middle; }
ul.examples { margin: 4px 0 12px; padding-left: 20px; } code { font-size: 13px; overflow-wrap: anywhere; }
`;
