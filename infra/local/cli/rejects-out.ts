import { type FileHandle, open } from 'node:fs/promises';
import type { Reject } from '../../../functions/cabinet/uploads/rows.ts';
import type { Verdict } from '../../../functions/cabinet/uploads/take-upload.ts';
import { csvHeader, csvLine, guarded } from '../../../functions/core/csv.ts';
import { PermanentError } from '../../../functions/core/errors.ts';

interface Found extends Reject {
  readonly verdict: Verdict;
}

const columns = ['line', 'verdict', 'field', 'value', 'rule'].map((header) => ({ header }));

function lineOf({ line, verdict, field, value, rule }: Found): string {
  return csvLine([line, verdict, guarded(field ?? ''), guarded(value ?? ''), rule]);
}

/** What is wrong with rows: all of it into a file, the first few for the screen; nothing else stays in memory. */
export class RejectsOut {
  readonly shown: Found[] = [];
  readonly #show: number;
  readonly #file: FileHandle | undefined;

  private constructor(file: FileHandle | undefined, show: number) {
    this.#file = file;
    this.#show = show;
  }

  /**
   * Before anything is taken in: a name that cannot be written to is found now.
   * @param name undefined for no file
   */
  static async open(name: string | undefined, show: number): Promise<RejectsOut> {
    if (name === undefined) return new RejectsOut(undefined, show);
    try {
      const file = await open(name, 'w');
      await file.writeFile(csvHeader(columns));
      return new RejectsOut(file, show);
    } catch (cause) {
      throw new PermanentError(`nothing was done: ${name} cannot be written: ${String(cause)}`, {
        code: 'REJECTS_FILE',
        cause,
      });
    }
  }

  readonly add = async (verdict: Verdict, rejects: readonly Reject[]): Promise<void> => {
    const found = rejects.map((reject): Found => ({ ...reject, verdict }));
    this.shown.push(...found.slice(0, Math.max(0, this.#show - this.shown.length)));
    await this.#file?.writeFile(found.map(lineOf).join(''));
  };

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
