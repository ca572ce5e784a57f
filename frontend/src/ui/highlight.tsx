// Loaded only once there is code to colour.
import { toJsxRuntime } from "hast-util-to-jsx-runtime";
import { common, createLowlight } from "lowlight";
import type { ReactNode } from "react";
import { Fragment, jsx, jsxs } from "react/jsx-runtime";

const lowlight = createLowlight(common);

/** A text longer than this would hold up the page for a moment that is felt. */
const LONGEST = 20_000;

/** Colours code; a language that isn't known gives the code as it is. */
export function colour(code: string, language: string): ReactNode {
  const name = language.toLowerCase();
  if (code.length > LONGEST || !lowlight.registered(name)) return code;
  return toJsxRuntime(lowlight.highlight(name, code), { Fragment, jsx, jsxs });
}
