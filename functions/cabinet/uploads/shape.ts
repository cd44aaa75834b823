/** Enough to see what kind of mistake it is (`99/99/9999`), nothing of what it says. */
export function shapeOf(value: string): string {
  const shape = [...value.slice(0, LONGEST)].map(classOf).join('');
  return value.length > LONGEST ? `${shape}…` : shape;
}

const LONGEST = 40;

/** Not a character of the value is kept but spaces and punctuation. */
function classOf(char: string): string {
  if (/\p{Nd}/u.test(char)) return '9';
  if (/\p{Lu}/u.test(char)) return 'A';
  if (/[\p{L}\p{M}]/u.test(char)) return 'a';
  return /[\p{P}\p{Z}\p{S}]/u.test(char) ? char : '?';
}
