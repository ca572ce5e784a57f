import { useCallback, useEffect, useRef, useState } from "react";

/** Nearer to the end than this counts as being there. */
const NEAR_PX = 48;

/**
 * Keeps a growing, scrolling element at its end as long as its reader is there, and leaves it alone once they scrolled
 * away. The scroller is the element that scrolls, the content the one inside it that grows.
 */
export function useStickToEnd(scroller: HTMLElement | null, content: HTMLElement | null) {
  const sticking = useRef(true);
  const [away, setAway] = useState(false);

  const toEnd = useCallback(() => {
    if (!scroller) return;
    sticking.current = true;
    setAway(false);
    scroller.scrollTop = scroller.scrollHeight;
  }, [scroller]);

  useEffect(() => {
    if (!scroller || !content) return;
    let top = scroller.scrollTop;
    const onScroll = () => {
      const near = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;
      // Only who scrolls back leaves the end: it also gets far away when much is added at once.
      if (near) sticking.current = true;
      else if (scroller.scrollTop < top) sticking.current = false;
      top = scroller.scrollTop;
      setAway(!sticking.current);
    };
    const observer = new ResizeObserver(() => {
      if (sticking.current) scroller.scrollTop = scroller.scrollHeight;
    });
    observer.observe(content);
    observer.observe(scroller);
    scroller.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      scroller.removeEventListener("scroll", onScroll);
    };
  }, [scroller, content]);

  return { away, toEnd };
}
