import { maybe } from "../i18n";
import type { Option } from "../kit/Field";

/** Q.850 causes that an administrator may choose from. */
const known = [1, 3, 16, 17, 18, 19, 20, 21, 22, 26, 27, 28, 31, 34, 38, 41, 42, 44, 47, 57, 63, 65, 88, 102, 127];

/** A cause in words, its number first as the field writes it. */
export function causeText(cause: number): string {
  const text = maybe(`cause=${cause}`);
  return text ? `${cause} · ${text}` : String(cause);
}

export const causeOptions = (): Option[] => known.map((cause) => ({ value: String(cause), label: causeText(cause) }));
