import { createTheme, type MantineColorsTuple } from "@mantine/core";

// Evergreen, the colour of an old painted gate; stone greys with a little warmth.
const gate: MantineColorsTuple = [
  "#edf7f3",
  "#d9ece4",
  "#b1d8c8",
  "#86c3aa",
  "#61b090",
  "#4aa380",
  "#2c8063",
  "#1f7257",
  "#176049",
  "#0d4c39",
];

const stone: MantineColorsTuple = [
  "#f8f8f6",
  "#f1f1ee",
  "#e6e6e2",
  "#d8d8d3",
  "#c2c2bc",
  "#a3a39c",
  "#75756f",
  "#5b5b56",
  "#3b3b38",
  "#232321",
];

const night: MantineColorsTuple = [
  "#d6d8d7",
  "#b4b8b6",
  "#979c99",
  "#6b716e",
  "#3d4341",
  "#303634",
  "#262b29",
  "#1c201f",
  "#151817",
  "#0e1010",
];

// Dark enough for white words on it.
const red: MantineColorsTuple = [
  "#fdf1f0",
  "#f9dedc",
  "#f2b8b5",
  "#ea8f89",
  "#e06c64",
  "#d64c43",
  "#cf382e",
  "#b3261e",
  "#931d16",
  "#75150f",
];

const SANS =
  '"Segoe UI Variable Text", "Segoe UI", -apple-system, BlinkMacSystemFont, "Adwaita Sans", Cantarell, Ubuntu, ' +
  '"Inter Variable", "Noto Sans", sans-serif';
const MONO =
  'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace';

const OVERLAY = { backgroundOpacity: 0.35, blur: 0 };

export const theme = createTheme({
  primaryColor: "gate",
  primaryShade: 7,
  colors: { gate, red, gray: stone, dark: night },
  white: "#ffffff",
  black: "#1d1f1e",
  fontFamily: SANS,
  fontFamilyMonospace: MONO,
  defaultRadius: "md",
  radius: { xs: "3px", sm: "5px", md: "7px", lg: "10px", xl: "16px" },
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.55", lg: "1.55", xl: "1.6" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.375rem", lineHeight: "1.3" },
      h2: { fontSize: "1.0625rem", lineHeight: "1.35" },
      h3: { fontSize: "0.9375rem", lineHeight: "1.4" },
    },
  },
  focusRing: "auto",
  cursorType: "pointer",
  components: {
    Button: { defaultProps: { size: "sm" } },
    TextInput: { defaultProps: { size: "sm" } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true, arrowSize: 6 } },
    Modal: {
      defaultProps: { centered: true, overlayProps: OVERLAY, closeButtonProps: { "aria-label": "Close" } },
      styles: { title: { fontWeight: 600 } },
    },
    Drawer: {
      defaultProps: { overlayProps: OVERLAY, closeButtonProps: { "aria-label": "Close" } },
      styles: { title: { fontWeight: 600 } },
    },
    SegmentedControl: { defaultProps: { withItemsBorders: false } },
    Badge: { defaultProps: { radius: "sm", tt: "none", fw: 500 } },
  },
});
