import type { ComponentChildren } from "preact";
import type { NounName, Nouns } from "../api/config";
import type { Column } from "../kit/Table";
import type { IconName } from "../kit/Icon";
import type { Fields } from "./fields";

/** What the app knows of a noun beyond its type: enough for its list and its form. */
export interface Noun<N extends NounName> {
  name: N;
  /** Its pages: `/lines`, `/lines/3`, `/lines/new`. */
  path: string;
  icon: IconName;
  columns: Column<Nouns[N]>[];
  /** What a new one begins with; none when the hardware decides how many there are. */
  blank?: () => Nouns[N];
  form: (f: Fields<N, Nouns[N]>) => ComponentChildren;
  /** The order matters: the first that matches is taken. */
  ordered?: boolean;
  /** How one that exists is now, in a word: stands below its title. */
  state?: (thing: Nouns[N]) => ComponentChildren;
  /** What more there is to see of it now: stands above its form. */
  now?: (thing: Nouns[N]) => ComponentChildren;
  /** What stands beside the label of a field. */
  beside?: (f: Fields<N, Nouns[N]>, at: string) => ComponentChildren;
  /** What becomes of it before it is saved. */
  before?: (was: Nouns[N], draft: Nouns[N]) => Nouns[N];
  /** What stands below its form. */
  below?: (thing: Nouns[N]) => ComponentChildren;
  /** Called after it was saved. */
  saved?: (thing: Nouns[N], created: boolean) => void;
}
