/** What the primitives need of whatever they run in. The app sets it at its start. */
export const host = {
  copy: (text: string): Promise<void> => navigator.clipboard.writeText(text),
};
