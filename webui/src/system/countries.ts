import { locale } from "../i18n";

const codes = ["US", "CA", "GB", "DE", "FR", "IT", "ES", "NL", "SE", "CH", "BR", "MX", "AR", "AU", "NZ", "JP", "IN", "CN", "RU", "ZA", "TR"];
const names = new Intl.DisplayNames(locale, { type: "region" });

export const countryName = (code: string): string => names.of(code) ?? code;

/** The countries whose lines and numbers the gateway knows, by name. */
export const countries = (): string[] => [...codes].sort((a, b) => countryName(a).localeCompare(countryName(b), locale));
