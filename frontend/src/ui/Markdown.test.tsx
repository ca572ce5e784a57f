import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { Markdown } from "./Markdown";

const draw = (text: string, growing = false) =>
  render(
    <MantineProvider>
      <Markdown text={text} growing={growing} />
    </MantineProvider>,
  );

test("links lead to the web, apart from these pages; others are only text", () => {
  draw("[good](https://example.com) [bad](javascript:alert(1)) [data](data:text/html,x) [in](#/keys)");
  const links = screen.getAllByRole("link");
  expect(links.map(l => l.textContent)).toEqual(["good"]);
  expect(links[0]?.getAttribute("rel")).toContain("noopener");
  expect(links[0]?.getAttribute("target")).toBe("_blank");
  expect(screen.getByText(/bad/)).toBeDefined();
});

test("remote images are not fetched", () => {
  const { container } = draw("![a chart](https://tracker.example/x.png)");
  expect(container.querySelector("img")).toBeNull();
  expect(screen.getByText("[image: a chart]")).toBeDefined();
});

test("HTML in a text stays text", () => {
  const { container } = draw('<script>alert(1)</script>\n\nHi <img src="x" onerror="alert(1)"> <b>there</b>');
  expect(container.querySelector("script, img, b")).toBeNull();
});

test("code has its language and a button that copies it", () => {
  draw("```go\nfunc main() {}\n```");
  expect(screen.getByText("go")).toBeDefined();
  expect(screen.getByRole("button", { name: "Copy the code" })).toBeDefined();
  expect(screen.getByText("func main() {}")).toBeDefined();
});

test("a text that grows keeps the elements that are already there", () => {
  const { container, rerender } = draw("# Title\n\nFirst paragraph.\n\nSecond **half", true);
  const heading = container.querySelector("h1");
  const first = container.querySelector("p");
  expect(container.querySelectorAll("strong")).toHaveLength(1);
  rerender(
    <MantineProvider>
      <Markdown text={"# Title\n\nFirst paragraph.\n\nSecond **half** and more.\n\n```js\nlet x"} growing />
    </MantineProvider>,
  );
  expect(container.querySelector("h1")).toBe(heading);
  expect(container.querySelector("p")).toBe(first);
  expect(screen.getByText("let x")).toBeDefined();
});
