import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Icon, type IconName } from "./Icon";

interface PageProps {
  title: string;
  lede?: ComponentChildren;
  back?: { href: string; label: string };
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A page: its title names the window as well. */
export function Page({ title, lede, back, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Demarc`;
  }, [title]);
  return (
    <div class="page">
      <header class="page-head">
        <div>
          {back && (
            <a class="back" href={back.href}>
              <Icon name="back" size={16} />
              {back.label}
            </a>
          )}
          <h1>{title}</h1>
          {lede && <div class="lede">{lede}</div>}
        </div>
        {actions && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

interface PanelProps {
  title?: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}

export function Panel({ title, aside, children, class: extra = "" }: PanelProps) {
  return (
    <section class={`panel ${extra}`} aria-label={title}>
      {(title || aside) && (
        <header class="panel-head">
          {title && <h2>{title}</h2>}
          {aside && <div class="panel-aside">{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** Nothing here yet: what it would be good for, and how to begin. */
export function Empty({ icon, title, children, action }: { icon: IconName; title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} size={28} />
      </span>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** Something that needs attention, said in place. A fault has just happened and is read out; a problem was there before. */
export function Notice({ kind = "warn", children }: { kind?: "warn" | "fault" | "problem" | "good"; children: ComponentChildren }) {
  return (
    <div class={`notice ${kind === "problem" ? "fault" : kind}`} role={kind === "fault" ? "alert" : undefined}>
      <Icon name={kind === "good" ? "check" : "warn"} />
      <div>{children}</div>
    </div>
  );
}
