/** The CDK app: `node infra/app.ts` writes cdk.out; so does every command of the `cdk` CLI. */
import './require-tools.mjs';

try {
  const { transformSync } = await import('esbuild');
  transformSync('0');
} catch (error) {
  console.error('esbuild, which bundles the functions, does not run here: "npm ci" installs it.', error);
  process.exit(2);
}

const { buildApp } = await import('./build-app.ts');
try {
  buildApp().synth();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
