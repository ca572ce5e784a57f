import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** Nearer to the end than this counts as being there. */
const NEAR_PX = 48;

/**
 * Keeps a growing, scrolling element at its end as long as its reader is there, and leaves it alone once they scrolled
 * away. The scroller is the element that scrolls, the content the one inside it that grows.
 */
export function useStickToEnd(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
) {
  const sticking = useRef(true);
  const [away, setAway] = useState(false);

  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    sticking.current = true;
    setAway(false);
    element.scrollTop = element.scrollHeight;
  }, [scroller]);

  useEffect(() => {
    const outer = scroller.current;
    const inner = content.current;
    if (!outer || !inner) return;
    const onScroll = () => {
      sticking.current = outer.scrollHeight - outer.scrollTop - outer.clientHeight < NEAR_PX;
      setAway(!sticking.current);
    };
    const observer = new ResizeObserver(() => {
      if (sticking.current) outer.scrollTop = outer.scrollHeight;
    });
    observer.observe(inner);
    observer.observe(outer);
    outer.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      outer.removeEventListener("scroll", onScroll);
    };
  }, [scroller, content]);

  return { away, toEnd };
}
