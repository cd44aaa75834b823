// Plain JavaScript, run before anything else (`node --import`): an older Node cannot even load a .ts file.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Cuadre needs Node 24 or newer and this is ${process.versions.node}. "npm ci" brings one along: run this through npm (npm run ..., npx ...), and without --ignore-scripts, which leaves it out.`,
  );
  process.exit(2);
}
