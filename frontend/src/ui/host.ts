/** What the primitives need of whatever they run in. The app sets it at its start. */
export const host = {
  copy: (text: string): Promise<void> => navigator.clipboard.writeText(text),
  /** False where files can't be saved, as in the window, which has no downloads. */
  saves: true,
};
