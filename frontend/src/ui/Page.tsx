import { type ReactNode, useEffect, useRef } from "react";
import classes from "./Page.module.css";

interface PageProps {
  title: string;
  description?: ReactNode;
  /** Buttons at the right of the title. */
  actions?: ReactNode;
  /** A page as wide as its window, for tables; others keep to a readable measure. */
  wide?: boolean;
  /** A page whose content scrolls in itself. */
  fixed?: boolean;
  children: ReactNode;
}

// The page that the user began with leaves the focus where the browser put it.
let moved = false;
window.addEventListener("hashchange", () => {
  moved = true;
});

/** A page with its title, which takes the focus when the page is gone to, so that a screen reader reads it. */
export function Page({ title, description, actions, wide = false, fixed = false, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Gatehouse`;
    if (moved) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <div className={classes.page} data-fixed={fixed || undefined}>
      <div className={classes.inner} data-wide={wide || undefined}>
        <div className={classes.head}>
          <div className={classes.titles}>
            <h1 ref={heading} tabIndex={-1} className={classes.title}>
              {title}
            </h1>
            {description && <p className={classes.description}>{description}</p>}
          </div>
          {actions && <div className={classes.actions}>{actions}</div>}
        </div>
        {children}
      </div>
    </div>
  );
}

interface PanelProps {
  title?: string;
  aside?: ReactNode;
  children: ReactNode;
  flush?: boolean;
}

/** A bordered part of a page. */
export function Panel({ title, aside, children, flush = false }: PanelProps) {
  return (
    <section className={classes.panel} aria-label={title}>
      {title && (
        <div className={classes.panelHead}>
          <h2>{title}</h2>
          {aside}
        </div>
      )}
      <div className={flush ? undefined : classes.panelBody}>{children}</div>
    </section>
  );
}
