import { expect, test } from "vitest";
import { acceptedBy, contentOf, megabytes, refusal, unfit } from "./attach";

const MB = 1 << 20;
const all = { images: true, pdfs: true };
const png = (size: number) => ({ name: "a.png", type: "image/png", size });
const pdf = (size: number) => ({ name: "a.pdf", type: "application/pdf", size });

test.each([
  ["a picture", png(5), all, [], 0, ""],
  ["a PDF", pdf(5), all, [], 0, ""],
  ["something else", { name: "a.zip", type: "application/zip", size: 5 }, all, [], 0, "neither"],
  [
    "a picture for who takes none",
    png(5),
    { images: false, pdfs: true },
    [],
    0,
    "not known to take pictures",
  ],
  ["a PDF for who takes none", pdf(5), { images: true, pdfs: false }, [], 0, "not known to take PDFs"],
  ["a large one", png(10 * MB + 1), all, [], 0, "may have 10 MB"],
  ["one too many", png(5), all, Array.from({ length: 10 }, () => png(1)), 0, "takes 10 files"],
  ["too much together", png(5), all, [png(10 * MB)], 10 * MB, "20 MB is the most"],
])("%s is judged", (_, file, takes, others, sent, says) => {
  const said = refusal(file, takes, "m", others, sent);
  if (says) expect(said).toContain(says);
  else expect(said).toBe("");
});

test("a picker offers what the model takes", () => {
  expect(acceptedBy({ images: false, pdfs: false })).toBe("");
  expect(acceptedBy({ images: false, pdfs: true })).toBe("application/pdf");
  expect(acceptedBy(all)).toContain("image/webp");
});

test("sizes and contents", () => {
  expect([megabytes(3), megabytes(2048), megabytes(2.5 * MB)]).toEqual(["3 B", "2 KB", "2.5 MB"]);
  expect(contentOf("data:image/png;base64,QUJD")).toBe("QUJD");
});

test.each([
  [[], false, ""],
  [["image/png", "application/pdf"], true, ""],
  [["image/png"], false, "pictures"],
  [["application/pdf", "image/gif"], false, "pictures and PDFs"],
])("of %j, a model that takes files: %s, does not take: %s", (types, takes, missing) => {
  expect(unfit(types, { images: takes, pdfs: takes })).toBe(missing);
});
