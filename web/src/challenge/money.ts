// Amounts without floating point: a decimal string becomes a whole number of cents, and only the
// finished text is shown. Binary fractions would show a drawdown limit as reached a cent too early.

/** Cents of a decimal string such as "-1234.5"; digits beyond cents are cut off. Throws RangeError. */
export function cents(text: string): bigint {
  const match = /^(-?)(\d{1,18})(?:\.(\d{1,18}))?$/.exec(text);
  if (!match) throw new RangeError(`not a decimal amount: ${text}`);
  const [, sign, whole = "0", fraction = ""] = match;
  const value = BigInt(whole) * 100n + BigInt(fraction.padEnd(2, "0").slice(0, 2));
  return sign ? -value : value;
}

/** "100,250.40", or with `signed` "+250.40" and "−250.40" (a real minus sign). */
export function money(amount: bigint, options: { signed?: boolean } = {}): string {
  const text = `${group(magnitude(amount) / 100n)}.${twoDigits(magnitude(amount) % 100n)}`;
  if (amount < 0n) return `−${text}`;
  return options.signed && amount > 0n ? `+${text}` : text;
}

/**
 * How far `value` lies below `reference`, in hundredths of a percent, rounded down; 0 when it does
 * not, or when there is nothing to measure from.
 */
export function drawdown(value: bigint, reference: bigint): bigint {
  if (reference <= 0n || value >= reference) return 0n;
  return ((reference - value) * 10_000n) / reference;
}

/** "4.99 %" of hundredths of a percent. */
export function percent(hundredths: bigint): string {
  const text = `${magnitude(hundredths) / 100n}.${twoDigits(magnitude(hundredths) % 100n)} %`;
  return hundredths < 0n ? `−${text}` : text;
}

/** The part of a limit that is used up: 0 to 1, for a gauge. */
export function share(used: bigint, limit: bigint): number {
  if (limit <= 0n) return 0;
  return Math.min(1, Math.max(0, Number((used * 1000n) / limit) / 1000));
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function twoDigits(value: bigint): string {
  return value.toString().padStart(2, "0");
}

function group(value: bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}
