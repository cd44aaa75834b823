/** The page's whole look. The policy of the answer holds its hash, so it is the only style that applies. */
export const STYLE = `
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; }
body { max-width: 76rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; }
.verdict { font-size: 1.15rem; font-weight: 600; }
.quiet { opacity: .75; }
.counts { display: flex; flex-wrap: wrap; gap: .75rem; padding: 0; list-style: none; }
.counts li { border: 1px solid #8886; border-radius: .5rem; padding: .4rem .9rem; }
.counts b { display: block; font-size: 1.4rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #8884; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font-size: .88em; overflow-wrap: anywhere; }
.outcome { font-weight: 600; white-space: nowrap; }
.FAILED { color: #c5221f; } .WARNING { color: #b06000; } .PASSED { color: #188038; } .INFORMED, .NOT_EVALUATED { color: #5f6368; }
@media (prefers-color-scheme: dark) {
  .FAILED { color: #f28b82; } .WARNING { color: #fdd663; } .PASSED { color: #81c995; } .INFORMED, .NOT_EVALUATED { color: #9aa0a6; }
}
details { margin-top: .35rem; } summary { cursor: pointer; } ul { margin: .35rem 0; padding-left: 1.1rem; }
`;
