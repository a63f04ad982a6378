interface TestFile {
  readonly path: string;
  readonly context: object;
  readonly duration?: number;
}

export declare const longest: readonly string[];

export default class LongestFirst {
  constructor(options: { readonly contexts: readonly object[]; readonly globalConfig: object });
  /** The duration of a file in milliseconds, if Jest knows it from an earlier run. */
  time(test: TestFile): number | undefined;
  sort(tests: TestFile[]): TestFile[];
}
