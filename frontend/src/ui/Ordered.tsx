import { ActionIcon } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconX } from "@tabler/icons-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { announce } from "./announce";
import classes from "./Ordered.module.css";

interface Props<T> {
  /** What the list is, for screen readers. */
  label: string;
  items: T[];
  onChange(items: T[]): void;
  /** What an item is called in the names of its buttons. */
  nameOf(item: T, at: number): string;
  /** Tells items apart while they move. */
  keyOf(item: T, at: number): string;
  render(item: T, at: number): ReactNode;
  /** Items are taken out by a button, unless this is false. */
  removable?: boolean;
}

/** A list in an order that matters: moved by buttons, or by Alt and an arrow key from anywhere in an item. */
export function Ordered<T>({ label, items, onChange, nameOf, keyOf, render, removable = true }: Props<T>) {
  const list = useRef<HTMLOListElement>(null);
  const focusNext = useRef<{ at: number; up: boolean } | null>(null);
  useEffect(() => {
    const next = focusNext.current;
    if (!next) return;
    focusNext.current = null;
    const buttons = list.current?.children[next.at]?.querySelectorAll<HTMLButtonElement>("button[data-move]");
    const [wanted, other] = next.up ? [buttons?.[0], buttons?.[1]] : [buttons?.[1], buttons?.[0]];
    (wanted?.disabled ? other : wanted)?.focus();
  });
  const move = (from: number, by: number) => {
    const to = from + by;
    const item = items[from];
    if (item === undefined || to < 0 || to >= items.length) return;
    const next = items.toSpliced(from, 1).toSpliced(to, 0, item);
    focusNext.current = { at: to, up: by < 0 };
    onChange(next);
    announce(`${nameOf(item, to)} is ${to + 1} of ${items.length}.`);
  };
  const onKey = (event: KeyboardEvent, at: number) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    move(at, event.key === "ArrowUp" ? -1 : 1);
  };
  if (items.length === 0) return null;
  return (
    <ol ref={list} className={classes.list} aria-label={label}>
      {items.map((item, at) => {
        const name = nameOf(item, at);
        return (
          <li key={keyOf(item, at)} className={classes.item} onKeyDown={event => onKey(event, at)}>
            <span className={classes.place} aria-hidden>
              {at + 1}
            </span>
            <div className={classes.content}>{render(item, at)}</div>
            <div className={classes.buttons}>
              <MoveButton name={name} up disabled={at === 0} onClick={() => move(at, -1)} />
              <MoveButton
                name={name}
                up={false}
                disabled={at === items.length - 1}
                onClick={() => move(at, 1)}
              />
              {removable && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  c="dimmed"
                  size={26}
                  aria-label={`Take ${name} out`}
                  onClick={() => onChange(items.toSpliced(at, 1))}
                >
                  <IconX size={15} />
                </ActionIcon>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

function MoveButton({
  name,
  up,
  disabled,
  onClick,
}: {
  name: string;
  up: boolean;
  disabled: boolean;
  onClick(): void;
}) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      c={disabled ? undefined : "dimmed"}
      size={26}
      disabled={disabled}
      data-move={up ? "up" : "down"}
      aria-label={`Move ${name} ${up ? "up" : "down"}`}
      aria-keyshortcuts={up ? "Alt+ArrowUp" : "Alt+ArrowDown"}
      onClick={onClick}
    >
      {up ? <IconArrowUp size={15} /> : <IconArrowDown size={15} />}
    </ActionIcon>
  );
}
