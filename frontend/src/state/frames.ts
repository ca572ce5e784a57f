/** A hidden page draws no frames, but what it gathers must not grow without bound. */
const HIDDEN_MS = 250;

/** Gathers items and hands them over together, once per animation frame. */
export function perFrame<T>(handle: (items: T[]) => void): (item: T) => void {
  let items: T[] = [];
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    timer = undefined;
    const batch = items;
    items = [];
    handle(batch);
  };
  return item => {
    items.push(item);
    if (timer !== undefined) return;
    frame = requestAnimationFrame(flush);
    timer = setTimeout(flush, HIDDEN_MS);
  };
}
