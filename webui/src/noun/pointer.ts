/** JSON pointers into a value, checked by the compiler: `/kind/username` of a device. */
export type Pointer<T> = T extends readonly unknown[]
  ? never
  : T extends object
    ? { [K in keyof T & string]-?: `/${K}` | `/${K}${Pointer<NonNullable<T[K]>>}` }[keyof T & string]
    : never;

const steps = (at: string) => at.split("/").slice(1);

export function read(value: unknown, at: string): unknown {
  return steps(at).reduce<unknown>((inner, step) => (inner as Record<string, unknown> | null | undefined)?.[step], value);
}

/** A copy of `value` with `part` at `at`. */
export function written<T>(value: T, at: string, part: unknown): T {
  const [step, ...rest] = steps(at);
  if (step === undefined) return part as T;
  const inner = (value as Record<string, unknown>)[step];
  const next = rest.length === 0 ? part : written(inner ?? {}, `/${rest.join("/")}`, part);
  return { ...value, [step]: next };
}

/** The leaves in which two values differ. */
export function differences(a: unknown, b: unknown, at = ""): string[] {
  if (same(a, b)) return [];
  if (!isObject(a) || !isObject(b)) return [at];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => differences(a[key], b[key], `${at}/${key}`));
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Equal as JSON, whatever the order of the members; a missing member equals null. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b || (a ?? null) === (b ?? null)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]));
}
