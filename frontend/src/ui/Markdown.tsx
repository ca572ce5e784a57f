import { memo, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { safeImage, safeLink } from "../lib/links";
import { BlockCutter, type Block as Cut } from "../lib/markdown";
import { withMath } from "../lib/math";
import { CodeBlock } from "./CodeBlock";
import classes from "./Markdown.module.css";

const plugins = [remarkGfm];

/** Markdown, also while it is still being written. Links go to the web only; remote images are not fetched. */
export function Markdown({ text, growing = false }: { text: string; growing?: boolean }) {
  const cutter = useRef<BlockCutter>(null);
  cutter.current ??= new BlockCutter();
  const blocks = cutter.current.cut(text, growing);
  return (
    <div className={classes.markdown}>
      {blocks.map((block, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text grows at its end, so a block's place is its identity
        <Block key={i} {...block} />
      ))}
    </div>
  );
}

const Block = memo(
  function Block({ source, closed, code }: Cut) {
    if (code) return <CodeBlock code={code.text} language={code.language} highlight={closed} />;
    return <Prose source={source} closed={closed} />;
  },
  (a, b) => a.source === b.source && a.closed === b.closed,
);

function Prose({ source, closed }: { source: string; closed: boolean }) {
  const spelled = useMemo(() => withMath(source), [source]);
  const math = useMath(spelled.math);
  return (
    <ReactMarkdown
      remarkPlugins={math ? [...plugins, ...math.remark] : plugins}
      rehypePlugins={math?.rehype}
      components={closed ? closedComponents : openComponents}
      urlTransform={keepAddress}
    >
      {math ? spelled.text : source}
    </ReactMarkdown>
  );
}

type MathPlugins = typeof import("./math");
let mathPlugins: MathPlugins | null = null;

/** What sets math, once it is needed and here; until then math is shown as it was written. */
function useMath(needed: boolean): MathPlugins | null {
  const [here, setHere] = useState(mathPlugins);
  useEffect(() => {
    if (!needed || here) return;
    let current = true;
    import("./math").then(
      loaded => {
        mathPlugins = loaded;
        if (current) setHere(loaded);
      },
      () => {
        // It stays readable as TeX.
      },
    );
    return () => {
      current = false;
    };
  }, [needed, here]);
  return needed ? here : null;
}

// Addresses are judged where they are drawn, so that what is refused can still be shown as text.
const keepAddress = (address: string) => address;

function textOf(children: ReactNode): string {
  if (typeof children === "string") return children;
  return Array.isArray(children) ? children.map(textOf).join("") : "";
}

function componentsFor(closed: boolean): Components {
  return {
    a({ href, children }) {
      const address = safeLink(href);
      if (!address) return <span>{children}</span>;
      return (
        <a href={address} target="_blank" rel="noopener noreferrer" title={address}>
          {children}
        </a>
      );
    },
    img({ src, alt }) {
      const local = safeImage(typeof src === "string" ? src : "");
      if (local) return <img src={local} alt={alt ?? ""} />;
      const address = safeLink(typeof src === "string" ? src : "");
      const name = alt || "image";
      if (!address) return <span className={classes.image}>[{name}]</span>;
      return (
        <a className={classes.image} href={address} target="_blank" rel="noopener noreferrer" title={address}>
          [image: {name}]
        </a>
      );
    },
    pre({ children }) {
      const code = Array.isArray(children) ? children[0] : children;
      const props = (code as { props?: { className?: string; children?: ReactNode } } | undefined)?.props;
      const language = /language-(\S+)/.exec(props?.className ?? "")?.[1] ?? "";
      return (
        <CodeBlock code={textOf(props?.children).replace(/\n$/, "")} language={language} highlight={closed} />
      );
    },
    table({ children }) {
      return (
        <div className={classes.table}>
          <table>{children}</table>
        </div>
      );
    },
  };
}

const closedComponents = componentsFor(true);
const openComponents = componentsFor(false);
