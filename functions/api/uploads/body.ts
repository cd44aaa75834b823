import { InputError, TooLargeError } from '../../core/errors.ts';
import type { HttpEvent } from '../../core/http.ts';

/**
 * What a request may carry at once. Lambda takes 6 MB for the whole event, in which a binary body travels as base64, a
 * third larger, and a text one with its quotes escaped: this much always fits.
 */
export const DIRECT_BYTES = 4_194_304;

export interface SentFile {
  readonly name: string | null;
  readonly bytes: Buffer;
}

/** The file of a request: its body as text/csv, or the one part `file` of a form. */
export async function sentFile(event: HttpEvent, fileName: string | undefined): Promise<SentFile> {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const type = event.headers['content-type'] ?? '';
  const file = /^multipart\/form-data\s*;/i.test(type)
    ? await formFile(body, type, fileName)
    : textFile(body, type, fileName);
  if (file.bytes.byteLength > DIRECT_BYTES) {
    throw new TooLargeError(
      `a file of ${file.bytes.byteLength} bytes is too large for one request, which takes ${DIRECT_BYTES}: ask for a presigned upload`,
      { code: 'UPLOAD_TOO_LARGE' },
    );
  }
  return file;
}

function textFile(bytes: Buffer, type: string, fileName: string | undefined): SentFile {
  const [, parameters] = /^text\/csv\s*(;.*)?$/i.exec(type) ?? refuse('header.content-type', type, TYPES);
  const [, charset] = /;\s*charset\s*=\s*"?([^\s;"]*)"?/i.exec(parameters ?? '') ?? [];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    refuse('header.content-type', type, 'must have charset utf-8, or none');
  }
  return { name: fileName ?? null, bytes };
}

const TYPES = 'must be text/csv, or multipart/form-data with the file as its part "file"';

/** Node's own parser reads the form; what it cannot read is the sender's mistake. */
async function formFile(bytes: Buffer, type: string, fileName: string | undefined): Promise<SentFile> {
  if (fileName !== undefined) {
    refuse('query.file_name', fileName, 'is for a text/csv body: a form names its file itself');
  }
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } })
    .formData()
    .catch(() => refuse('body', undefined, 'is not a form as its content-type says'));
  const [first, second] = [...form];
  const [name, file] = first ?? refuse('body.file', undefined, 'is missing: the form is empty');
  if (name !== 'file' || typeof file === 'string') {
    refuse(`body.${name}`, undefined, 'is not a part of this form, which has one: file, a file');
  }
  if (second !== undefined)
    refuse(`body.${second[0]}`, undefined, 'is one part too many: the form has one, file');
  if (!CSV_NAME.test(file.name)) refuse('body.file', file.name, FILE_NAME);
  return { name: file.name, bytes: Buffer.from(await file.arrayBuffer()) };
}

export const FILE_NAME = 'must be a file name of at most 200 printable characters that ends in .csv';

export const CSV_NAME = /^[^\p{C}\p{Zl}\p{Zp}/\\]{1,196}\.[cC][sS][vV]$/u;

function refuse(field: string, value: string | undefined, rule: string): never {
  throw new InputError([{ field, value: value?.slice(0, 200), rule }]);
}
