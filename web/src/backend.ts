// The platform's own HTTP API: who there is, a token for a connection, and the figures to begin with.

import type { AccountSummary, Snapshot } from "./events";

const TIMEOUT_MS = 8_000;

/** The back end answered and said no: asking again would not help. */
export class Refused extends Error {}

export class Backend {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async accounts(): Promise<AccountSummary[]> {
    const body = await this.#get<{ accounts: AccountSummary[] }>("/accounts");
    return body.accounts;
  }

  /** A short-lived token; every connection and every reconnect asks for its own. */
  async token(account: string): Promise<string> {
    const query = new URLSearchParams({ account });
    return (await this.#get<{ token: string }>(`/token?${query}`)).token;
  }

  async snapshot(account: string, challengeId: string): Promise<Snapshot> {
    const authorization = `Bearer ${await this.token(account)}`;
    return this.#get<Snapshot>(`/challenges/${encodeURIComponent(challengeId)}`, { authorization });
  }

  /** Throws Refused for a 4xx answer, and any other error when asking again may help. */
  async #get<Body>(path: string, headers: Record<string, string> = {}): Promise<Body> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(this.#url + path, { headers, signal, credentials: "omit" });
    if (response.ok) return (await response.json()) as Body;
    const reason = `the back end answered ${response.status}`;
    if (response.status >= 400 && response.status < 500) throw new Refused(reason);
    throw new Error(reason);
  }
}
