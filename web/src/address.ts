// What the page is asked to show, in its own address: `/?account=alice,bob&backend=http://…`.

export const ACCOUNTS_MAX = 4; // side by side; more would be too small to read
const DEFAULT_BACKEND = "http://127.0.0.1:5002";

export interface Address {
  readonly accounts: readonly string[];
  readonly backend: string;
}

/** Reads `location.search`. Unknown values fall back to defaults rather than fail. */
export function parseAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const names = (query.get("account") ?? "").split(",").map((name) => name.trim());
  const accounts = [...new Set(names.filter((name) => /^[a-z0-9_-]{1,40}$/.test(name)))];
  return { accounts: accounts.slice(0, ACCOUNTS_MAX), backend: backendOf(query.get("backend")) };
}

/** The address that shows the same; the default back end is left out. */
export function formatAddress(address: Address): string {
  const backend =
    address.backend === DEFAULT_BACKEND ? "" : `&backend=${encodeURI(address.backend)}`;
  return `?account=${address.accounts.join(",")}${backend}`;
}

/** The accounts after one was switched on or off; the last one stays, the oldest makes room. */
export function toggle(accounts: readonly string[], name: string): readonly string[] {
  if (!accounts.includes(name)) return [...accounts, name].slice(-ACCOUNTS_MAX);
  return accounts.length > 1 ? accounts.filter((other) => other !== name) : accounts;
}

function backendOf(text: string | null): string {
  if (text === null || !URL.canParse(text)) return DEFAULT_BACKEND;
  const url = new URL(text);
  return url.protocol === "http:" || url.protocol === "https:" ? url.origin : DEFAULT_BACKEND;
}
