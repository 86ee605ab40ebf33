// What the server says when it refuses a connection or a room, and whether to ask again.

export interface Refusal {
  readonly message: string;
  readonly code?: string;
  /** The same request may succeed later. */
  readonly retryable?: boolean;
}

/** Asking again may help: the server says so, or the next request will carry a newer token. */
export function mayRetry(refusal: Omit<Refusal, "message"> | undefined): boolean {
  return refusal?.retryable === true || refusal?.code === "token_expired";
}
