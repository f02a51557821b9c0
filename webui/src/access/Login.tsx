import { useSignal } from "@preact/signals";
import { answer, api, session } from "../api/client";
import { t } from "../i18n";
import { Button } from "../kit/Button";
import { TextField } from "../kit/Field";
import { Mark } from "../kit/Icon";
import { words } from "../shell/tell";
import "./access.css";

export function Login() {
  const password = useSignal("");
  const fault = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);

  async function submit(event: Event) {
    event.preventDefault();
    busy.value = true;
    try {
      await answer(api.POST("/api/session", { body: { name: "admin", password: password.value } }));
      session.value = "in";
    } catch (problem) {
      fault.value = words(problem);
      password.value = "";
    }
    busy.value = false;
  }

  document.title = `${t("login.title")} · Demarc`;
  return (
    <main class="door" id="main">
      <form class="door-card" onSubmit={submit}>
        <p class="brand">
          <Mark size={34} />
          Demarc
        </p>
        <h1>{t("login.title")}</h1>
        <input class="unseen" type="text" name="username" autocomplete="username" value="admin" readOnly tabIndex={-1} aria-hidden="true" />
        <TextField type="password" label={t("login.password")} autoComplete="current-password" autoFocus error={fault.value} value={password.value} onInput={(text) => (password.value = text)} />
        <Button type="submit" look="primary" disabled={busy.value || !password.value}>
          {t("login.go")}
        </Button>
      </form>
    </main>
  );
}
