/** What actions ask of the frame. The frame sets it when it is drawn. */
export const ui = {
  openPalette: () => {},
  openHelp: () => {},
  setTheme: (_theme: "light" | "dark" | "auto") => {},
};
