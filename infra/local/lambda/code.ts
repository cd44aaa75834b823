import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stop, transform } from 'esbuild';

type Code = { readonly S3Bucket: string; readonly S3Key: string } | { readonly ZipFile: string };

/** The folder with a function's code: its asset, or a file made of the code in the template. */
export function codeFolder(
  functionName: string,
  code: Code,
  assets: ReadonlyMap<string, string>,
  scratch: string,
): string {
  if ('ZipFile' in code) {
    const folder = join(scratch, 'inline', functionName);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.js'), code.ZipFile);
    // Inline code is CommonJS, whatever a package.json above says.
    writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}');
    return folder;
  }
  const folder = assets.get(code.S3Key);
  if (folder === undefined) throw new Error(`the assembly has no asset ${code.S3Key}`);
  return folder;
}

/** The program of the function processes, as JavaScript: stripping types at each cold start would cost 25 ms. */
export async function writeBootstrap(scratch: string): Promise<string> {
  const source = await readFile(new URL('./bootstrap.ts', import.meta.url), 'utf8');
  const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node20' });
  // Its process would stay as long as this one.
  await stop();
  const file = join(scratch, 'bootstrap.mjs');
  writeFileSync(file, code);
  return file;
}
