import { conflict } from "../api/write";
import { maybe, t } from "../i18n";
import { Button } from "../kit/Button";
import { Dialog } from "../kit/Dialog";
import { differences, read } from "../noun/pointer";

/** Somebody else changed the same thing: what is theirs, what is mine, and which shall be. */
export function ConflictDialog() {
  const found = conflict.value;
  if (!found) return null;
  const { noun, mine, theirs, base, settle } = found;
  const places = [...new Set([...differences(base, theirs), ...differences(base, mine)])];
  return (
    <Dialog
      title={t("conflict.title")}
      onClose={() => settle("neither")}
      actions={
        <>
          <Button look="quiet" onClick={() => settle("neither")}>
            {t("conflict.neither")}
          </Button>
          <Button onClick={() => settle("theirs")}>{t("conflict.theirs")}</Button>
          <Button look="danger" onClick={() => settle("mine")}>
            {t("conflict.mine")}
          </Button>
        </>
      }
    >
      <p>{t("conflict.why")}</p>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("conflict.field")}</th>
            <th scope="col">{t("conflict.nowTheirs")}</th>
            <th scope="col">{t("conflict.nowMine")}</th>
          </tr>
        </thead>
        <tbody>
          {places.map((place) => (
            <tr key={place}>
              <th scope="row">{maybe(`${noun}${place}`) ?? place.slice(1)}</th>
              <td data-label={t("conflict.nowTheirs")}>{shown(read(theirs, place))}</td>
              <td data-label={t("conflict.nowMine")}>{shown(read(mine, place))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}

const shown = (value: unknown): string => (value == null || value === "" ? "–" : typeof value === "string" ? value : JSON.stringify(value));
