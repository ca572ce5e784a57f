// Loaded only once there is math to set. Its fonts are files of our own.
import "katex/dist/katex.min.css";
import type { ComponentProps } from "react";
import type ReactMarkdown from "react-markdown";
import rehypeKatex from "rehype-katex";
import remarkMath from "remark-math";

type Plugins = NonNullable<ComponentProps<typeof ReactMarkdown>["remarkPlugins"]>;

/** A single dollar is no math here: what is meant as such has two by now. */
export const remark: Plugins = [[remarkMath, { singleDollarTextMath: false }]];

/** TeX with a mistake in it is shown as it was written. */
export const rehype: Plugins = [[rehypeKatex, { strict: "ignore", errorColor: "inherit" }]];
