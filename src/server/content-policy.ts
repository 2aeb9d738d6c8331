/** What a page of ours may load and run. */

export interface Exceptions {
  /** Hashes of scripts within the page. */
  readonly scripts?: readonly string[];
  /** Origins that it may show in a frame. */
  readonly frames?: readonly string[];
}

/** The value of `content-security-policy`: nothing but what this gateway serves, and what is named. */
export function contentPolicy({ scripts = [], frames = [] }: Exceptions): string {
  return [
    "default-src 'none'",
    ["script-src 'self'", ...scripts].join(' '),
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    ...(frames.length > 0 ? [['frame-src', ...frames].join(' ')] : []),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
