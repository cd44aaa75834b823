/** What a person must change before the stack can start, every problem on a line of its own. */
export class StackProblems extends Error {
  readonly problems: readonly string[];

  constructor(headline: string, problems: readonly string[]) {
    super([headline, ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    this.name = 'StackProblems';
    this.problems = problems;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
