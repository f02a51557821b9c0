import { t } from "../i18n";
import type { components } from "./schema";

/** One thing that is wrong with what was sent. */
export interface Fault {
  /** A JSON pointer: into what was sent, or into the configuration when `elsewhere`. */
  at: string;
  message: string;
  /** What was sent is right by itself, but something else does not fit it. */
  elsewhere: boolean;
}

/** What the gateway answers when it does not do what it was asked (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly faults: Fault[] = [],
  ) {
    super(message);
  }
}

/** The problem in what the gateway answered, in words for people. */
export function problemFrom(status: number, body: unknown): Problem {
  const { title, detail, errors = [] } = (body ?? {}) as Partial<components["schemas"]["Problem"]>;
  const faults = errors.map(({ field, message, source }) => ({ at: field, message, elsewhere: source === "configuration" }));
  return new Problem(status, detail ?? title ?? t("problemUnknown", { status }), faults);
}

/** Nobody answered at all. */
export const unreachable = (): Problem => new Problem(0, t("problemUnreachable"));
