/** Sizes in bytes: parse, format. Units as GNU's: K, M, G and T, and KiB and so on, are of 1024, KB and so on of 1000. */

const UNITS = ['', 'K', 'M', 'G', 'T', 'P'] as const;
const SIZE = /^(\d+(?:\.\d+)?) ?(?:([KMGTP])(iB|B)?|B)?$/i;

/** "512M", "2GiB", "1.5G", "4096". Undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  if (match === null) return undefined;
  const [, amount, unit = '', suffix = ''] = match;
  const base = suffix.toLowerCase() === 'b' ? 1000 : 1024;
  return Math.round(Number(amount) * base ** UNITS.findIndex((known) => known === unit.toUpperCase()));
}

/** The shortest exact form that parseSize reads back: 536870912 is "512M", 1000 is "1000". */
export function formatSize(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount > 0 && amount % 1024 === 0 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${amount}${UNITS[unit] ?? ''}`;
}

/** For a person, to three digits or so: 5242880 is "5.0M". */
export function formatSizeRoughly(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return unit === 0 ? String(bytes) : `${(bytes / 1024 ** unit).toFixed(1)}${UNITS[unit] ?? ''}`;
}
