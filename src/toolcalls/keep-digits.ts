const stringOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.e+-]*/gi;
const longInteger = /^-?\d{16,}$/;

/**
 * JSON that was written from values read of `source`, with the digits that stand there: numbers round integers beyond 2^53,
 * and ids are longer.
 */
export function keepDigits(json: string, source: string): string {
  if (!/\d{16}/.test(source)) return json;
  const literals = (source.match(stringOrNumber) ?? []).filter((literal) => longInteger.test(literal));
  // Neighbours round to the same number; the order tells them apart.
  const byRounded = Map.groupBy(literals, (literal) => String(Number(literal)));
  return json.replace(stringOrNumber, (found) => byRounded.get(found)?.shift() ?? found);
}
