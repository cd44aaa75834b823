// Plain JavaScript, because an older Node cannot even read the TypeScript that would explain itself.
const [major] = process.versions.node.split('.');
const [command, ...args] = process.argv.slice(2);

if (Number(major) < 24) {
  console.error(
    `cuadre needs Node 24 and this is ${process.version}. \`npm ci\` installs it beside the project; ` +
      'if you used --ignore-scripts, run `npm rebuild node` once, or use a Node 24 of your own.',
  );
  process.exit(2);
}

const { main } = await import('./main.ts');
await main(command, args);
