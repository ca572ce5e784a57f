import { expect, test } from "vitest";
import {
  append,
  insert,
  type LogPage,
  letGo,
  mergeRecords,
  pageAt,
  pageOf,
  putBack,
  renew,
  rowAt,
  totalRows,
} from "./pages";
import { recordOf } from "./records.fixture";

const id = (n: number) => `req_${String(n).padStart(7, "0")}`;
const records = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => recordOf({ id: id(from - i) }));

/** Pages of a hundred, newest first, from a number down. */
function pagesOf(top: number, count: number): LogPage[] {
  let pages: LogPage[] = [];
  for (let i = 0; i < count; i++) {
    const newest = top - i * 100;
    pages = append(pages, pageOf(i === 0 ? "" : id(newest + 1), records(newest, 100)));
  }
  return pages;
}

test("a row is found in whatever page it is", () => {
  const pages = pagesOf(10_000, 30);
  expect(totalRows(pages)).toBe(3000);
  for (const row of [0, 99, 100, 1234, 2999]) {
    expect(pageAt(pages, row)).toBe(Math.floor(row / 100));
    expect(rowAt(pages, row)?.id).toBe(id(10_000 - row));
  }
  expect(rowAt(pages, 3000)).toBeUndefined();
});

test("what is far away is let go, keeps its place, and comes back", () => {
  const pages = letGo(pagesOf(10_000, 30), 2900, 10);
  expect(pages.filter(p => p.records).length).toBeLessThanOrEqual(11);
  expect(totalRows(pages)).toBe(3000);
  expect(rowAt(pages, 0)?.id).toBe(id(10_000)); // the newest page stays
  expect(rowAt(pages, 150)).toBeUndefined();
  expect(rowAt(pages, 2950)?.id).toBe(id(10_000 - 2950));
  const back = putBack(pages, 1, records(9900, 100));
  expect(rowAt(back, 150)?.id).toBe(id(9850));
});

test("nothing is let go while few are held", () => {
  const pages = pagesOf(1000, 5);
  expect(letGo(pages, 450, 10)).toBe(pages);
});

test("a new request moves all others down by one; many make a second page", () => {
  let pages = insert(pagesOf(1000, 3), [recordOf({ id: id(1001) })]);
  expect(rowAt(pages, 0)?.id).toBe(id(1001));
  expect(rowAt(pages, 101)?.id).toBe(id(900));
  pages = insert(pages, records(1100, 99), 150);
  expect(pages.map(p => p.count)).toEqual([75, 125, 100, 100]);
  expect(pages[1]?.before).toBe(pages[0]?.records?.at(-1)?.id);
  for (let row = 0; row < totalRows(pages); row++) expect(rowAt(pages, row)?.id).toBe(id(1100 - row));
});

test("a request is one row from its start to its end, and a late opening does not undo the end", () => {
  const pages = insert([], [recordOf({ id: id(1), outcome: "open" })]);
  const settled = renew(pages, recordOf({ id: id(1), outcome: "ok", outputTokens: 5 })) ?? [];
  expect(totalRows(settled)).toBe(1);
  expect(rowAt(settled, 0)?.outputTokens).toBe(5);
  const late = renew(settled, recordOf({ id: id(1), outcome: "open" })) ?? [];
  expect(rowAt(late, 0)?.outcome).toBe("ok");
  expect(renew(settled, recordOf({ id: id(2) }))).toBeNull();
  expect(
    mergeRecords(settled[0]?.records ?? [], [recordOf({ id: id(1), outcome: "open" })])[0]?.outcome,
  ).toBe("ok");
});

test("rows are newest first, however they come", () => {
  const [a, b, c] = [1, 2, 3].map(n => recordOf({ id: id(n) }));
  if (!a || !b || !c) throw new Error();
  expect(mergeRecords([b], [a, c]).map(r => r.id)).toEqual([id(3), id(2), id(1)]);
});
