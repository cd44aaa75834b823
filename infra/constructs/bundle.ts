import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from './build-sync.ts';

export const PROJECT_ROOT = join(import.meta.dirname, '..', '..');

export interface BundleOptions {
  /** TypeScript file that exports `handler`, relative to the project. */
  readonly entry: string;
  /** Files and directories copied beside index.mjs under their own name, relative to the project. */
  readonly copy?: readonly string[];
}

/**
 * A function's code: one minified ESM file and its source map.
 *
 * esbuild runs in this process, not as NodejsFunction runs it: that starts a shell and npx per function (several
 * times slower over the app) and, where esbuild is missing, falls back to Docker. Here it is an import.
 */
export function bundledCode(options: BundleOptions): Code {
  return Code.fromAsset(PROJECT_ROOT, {
    // The output is what is deployed: an edit that does not reach it changes no function.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('never-pulled-because-the-bundling-is-local'),
      // Tells one function's bundling from another's in CDK's asset cache.
      command: [options.entry, ...(options.copy ?? [])],
      local: {
        tryBundle(directory) {
          bundle(options, directory);
          return true;
        },
      },
    },
  });
}

/** Writes index.mjs, index.mjs.map and what is copied into `directory`. */
export function bundle({ entry, copy = [] }: BundleOptions, directory: string): void {
  const files = buildSync({
    absWorkingDir: PROJECT_ROOT,
    entryPoints: [entry],
    // Not written there: the name makes the map's sources relative to the project, so that the bundle's hash does
    // not depend on where it is built and a stack trace reads `functions/cabinet/...ts`.
    outfile: join(PROJECT_ROOT, 'index.mjs'),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The default order prefers CommonJS, whose `require('node:https')` fails in an ESM file when it is loaded.
    mainFields: ['module', 'main'],
    alias: { '@aws-sdk/credential-provider-node': join(import.meta.dirname, 'lambda-credentials.ts') },
    charset: 'utf8',
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'error',
  });
  mkdirSync(directory, { recursive: true });
  for (const file of files) writeFileSync(join(directory, basename(file.path)), file.contents);
  for (const source of copy) {
    cpSync(join(PROJECT_ROOT, source), join(directory, basename(source)), { recursive: true });
  }
}
