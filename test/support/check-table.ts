/** The list of checks as the pages show it: the line of the list, and the comment of the check's own file. */
import { basename } from 'node:path';
import { filesBelow, page } from './docs.ts';

const CHECKS = 'sql/cabinet/checks';

const LINE =
  /^ {2}\(\d+, '(\w+)', '\w+', '\w+', '([HWI])', '([^']+)', (?:null|'(\w+)'), (null|[\d.]+),\n {4}'(?:[^']|'')*',\n {4}'((?:[^']|'')*)'\)/gm;

/** Name, level, threshold, rule (English, of the file) and what to do (Spanish, as people read it in the report). */
export function checkTable(): string[][] {
  const rules = new Map(
    filesBelow(CHECKS, '.sql').map((path) => {
      const [, comment = ''] =
        /comment on (?:view|function) [^\n]*? is\s+'((?:[^']|'')*)'/.exec(page(path).text) ?? [];
      return [basename(path, '.sql').replace(/^(?:check_)?cabinet_/, ''), comment.replaceAll("''", "'")];
    }),
  );
  const listed = [...page(`${CHECKS}/v_cabinet_check_list.sql`).text.matchAll(LINE)];
  const rows = listed.map(([, name = '', level = '', unit = '', comparison, threshold = '', action = '']) => [
    `\`${name}\``,
    level,
    comparison === undefined ? `told, ${unit}` : `${comparison.replace('_', ' ')} ${threshold} ${unit}`,
    rules.get(name) ?? '',
    action.replaceAll("''", "'"),
  ]);
  return [['check', 'level', 'threshold', 'rule', 'what to do, as the report says it'], ...rows];
}
