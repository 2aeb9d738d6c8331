/** What a check found out. */
export interface Finding {
  readonly mark: '✓' | '!' | '✗';
  readonly text: string;
  /** What to do about it. */
  readonly fix?: string;
}

export function good(text: string): Finding {
  return { mark: '✓', text };
}

export function warning(text: string, fix: string): Finding {
  return { mark: '!', text, fix };
}

export function bad(text: string, fix: string): Finding {
  return { mark: '✗', text, fix };
}
