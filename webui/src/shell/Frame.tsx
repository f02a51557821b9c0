import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { answer, api, session } from "../api/client";
import { machine } from "../appliance/machine";
import { attention } from "../dashboard/attention";
import { t, type Key } from "../i18n";
import { Button } from "../kit/Button";
import { Icon, Mark, type IconName } from "../kit/Icon";
import { link } from "../live/events";
import { live } from "../live/store";
import { path, place } from "./router";
import { tell } from "./tell";
import { theme } from "./theme";

interface PageLink {
  href: string;
  name: Key;
  icon: IconName;
  /** Only where the operating system is ours. */
  ours?: boolean;
}

const groups: { name: Key; pages: PageLink[] }[] = [
  {
    name: "nav.now",
    pages: [
      { href: "/", name: "dashboard.title", icon: "gauge" },
      { href: "/calls", name: "calls.title", icon: "calls" },
    ],
  },
  {
    name: "nav.inside",
    pages: [
      { href: "/extensions", name: "extension.many", icon: "number" },
      { href: "/devices", name: "device.many", icon: "phone" },
      { href: "/ring-groups", name: "ring_group.many", icon: "group" },
      { href: "/services", name: "service.many", icon: "service" },
    ],
  },
  {
    name: "nav.outside",
    pages: [
      { href: "/trunks", name: "trunk.many", icon: "trunk" },
      { href: "/spans", name: "span.many", icon: "span" },
      { href: "/lines", name: "line.many", icon: "line" },
    ],
  },
  {
    name: "nav.routing",
    pages: [
      { href: "/inbound-routes", name: "inbound_route.many", icon: "inbound" },
      { href: "/outbound-routes", name: "outbound_route.many", icon: "outbound" },
    ],
  },
  {
    name: "nav.hardware",
    pages: [
      { href: "/hardware", name: "hardware.title", icon: "card" },
      { href: "/autopilot", name: "autopilot.title", icon: "autopilot" },
      { href: "/hardware-tests", name: "tests.title", icon: "test" },
    ],
  },
  {
    name: "nav.gateway",
    pages: [
      { href: "/appliance", name: "appliance.title", icon: "appliance", ours: true },
      { href: "/network", name: "network.title", icon: "network", ours: true },
      { href: "/system", name: "system.title", icon: "system" },
      { href: "/revisions", name: "revisions.title", icon: "history" },
      { href: "/backup", name: "backup.title", icon: "backup" },
      { href: "/access", name: "access.title", icon: "access" },
    ],
  },
];

/** What surrounds every page. */
export function Frame({ children }: { children: ComponentChildren }) {
  const drawer = useRef<HTMLDialogElement>(null);
  useEffect(() => drawer.current?.close(), [place.value]);
  return (
    <div class="frame">
      <a class="skip" href="#main">
        {t("skip")}
      </a>
      <header class="top">
        <Button icon="menu" look="quiet" bare aria-haspopup="dialog" onClick={() => drawer.current?.showModal()}>
          {t("menu")}
        </Button>
        <a class="brand" href="/">
          <Mark />
          Demarc
        </a>
      </header>
      <aside class="side">
        <a class="brand" href="/">
          <Mark />
          Demarc
        </a>
        <Nav />
        <Foot />
      </aside>
      <dialog ref={drawer} class="drawer" aria-label={t("menu")} onClick={(event) => event.target === event.currentTarget && event.currentTarget.close()}>
        <div>
          <Button icon="close" look="quiet" bare onClick={() => drawer.current?.close()}>
            {t("close")}
          </Button>
          <Nav />
          <Foot />
        </div>
      </dialog>
      <main id="main" tabIndex={-1}>
        {link.value === "lost" && (
          <p class="lost" role="alert">
            <Icon name="warn" />
            {t("link.lost")}
          </p>
        )}
        {children}
      </main>
      <News />
    </div>
  );
}

function Nav() {
  const at = path();
  const wrong = attention().length;
  return (
    <nav aria-label={t("nav.main")}>
      {groups.map((group) => (
        <div key={group.name} role="group" aria-label={t(group.name)}>
          <p aria-hidden="true">{t(group.name)}</p>
          <ul>
            {group.pages.filter((page) => !page.ours || machine.value).map(({ href, name, icon }) => (
              <li key={href}>
                <a href={href} aria-current={at === href || (href !== "/" && at.startsWith(`${href}/`)) ? "page" : undefined}>
                  <Icon name={icon} size={18} />
                  {t(name)}
                  {href === "/calls" && live.value.calls.length > 0 && (
                    <span class="count">
                      {live.value.calls.length}
                      <span class="unseen"> {t("nav.callsUp")}</span>
                    </span>
                  )}
                  {href === "/" && wrong > 0 && (
                    <span class="count fault">
                      {wrong}
                      <span class="unseen"> {t("nav.attention")}</span>
                    </span>
                  )}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

const themes = { system: { next: "light", icon: "half" }, light: { next: "dark", icon: "sun" }, dark: { next: "system", icon: "moon" } } as const;

function Foot() {
  const { next, icon } = themes[theme.value];
  async function leave() {
    if (await tell(answer(api.DELETE("/api/session")))) session.value = "out";
  }
  return (
    <div class="foot">
      <Button icon={icon} look="quiet" onClick={() => (theme.value = next)}>
        {t(`theme.${theme.value}`)}
      </Button>
      <Button icon="leave" look="quiet" bare onClick={leave}>
        {t("signOut")}
      </Button>
    </div>
  );
}

/** Tells a screen reader what happens on the instrument, and not more often than one can listen. */
function News() {
  const spoken = useRef<HTMLDivElement>(null);
  const calls = live.value.calls.length;
  const wrong = attention()
    .map(({ text }) => text)
    .join(". ");
  useEffect(() => {
    const wait = setTimeout(() => {
      if (spoken.current) spoken.current.textContent = `${t("news.calls", { n: calls })} ${wrong}`;
    }, 1500);
    return () => clearTimeout(wait);
  }, [calls, wrong]);
  return <div ref={spoken} class="unseen" role="status" aria-live="polite" />;
}
