/** @file The order of names, the same on every machine and in every release of Node. */

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Position of the first non-digit (or first non-zero, with `zerosOnly`) at or after `at`. */
function skipDigits(text: string, at: number, zerosOnly: boolean): number {
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (zerosOnly ? code !== 48 : !isDigit(code)) break;
    at++;
  }
  return at;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Order in which 2.jpg comes before 10.jpg: runs of digits compare by value, all else by UTF-16 code unit.
 * Written out because Intl.Collator's order may change with the ICU release, and with it every row number.
 * A total order: names of equal value ("1", "01") fall back to plain comparison.
 */
export function compareNaturally(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(j);
    if (isDigit(x) && isDigit(y)) {
      const aStart = skipDigits(a, i, true);
      const bStart = skipDigits(b, j, true);
      i = skipDigits(a, aStart, false);
      j = skipDigits(b, bStart, false);
      // Without leading zeros the longer number is the larger one.
      const order = i - aStart - (j - bStart) || compareText(a.slice(aStart, i), b.slice(bStart, j));
      if (order !== 0) return order;
    } else {
      if (x !== y) return x - y;
      i++;
      j++;
    }
  }
  return a.length - i - (b.length - j) || compareText(a, b);
}
