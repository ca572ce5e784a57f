// Prints what the pages weigh and how soon they are there, for `make bench`: the JavaScript that the program carries, the
// part of it that the first page asks for, and when the first paint and the first page are there in Chromium.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Browser, Gatehouse } from "./gatehouse.mjs";

const ASSETS = join(import.meta.dirname, "../dist/assets");
const LOOKS = 7;

const kilobytes = n => `${(n / 1000).toFixed(0)} kB`;
const weight = sizes => {
  const sum = of => kilobytes(sizes.reduce((total, size) => total + size[of], 0));
  return `${sum("plain")}, ${sum("zipped")} as gzip, in ${sizes.length} files`;
};
const say = line => process.stdout.write(`${line}\n`);
const median = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function scripts() {
  const sizes = new Map();
  for (const name of (await readdir(ASSETS)).filter(file => file.endsWith(".js"))) {
    const text = await readFile(join(ASSETS, name));
    sizes.set(name, { plain: text.length, zipped: gzipSync(text).length });
  }
  return sizes;
}

/** Opens the pages with nothing cached; gives the first contentful paint in milliseconds and the scripts that were asked for. */
async function firstPaint(gatehouse) {
  const browser = await Browser.open(gatehouse);
  try {
    await browser.page.waitForFunction(() => performance.getEntriesByName("first page shown").length > 0);
    return await browser.page.evaluate(() => ({
      at: performance.getEntriesByName("first-contentful-paint")[0].startTime,
      shown: performance.getEntriesByName("first page shown")[0].startTime,
      loaded: performance
        .getEntriesByType("resource")
        .filter(entry => entry.startTime < performance.getEntriesByName("first page shown")[0].startTime)
        .map(entry => new URL(entry.name).pathname.split("/").at(-1))
        .filter(name => name.endsWith(".js")),
    }));
  } finally {
    await browser.close();
  }
}

const sizes = await scripts();
const gatehouse = await Gatehouse.start();
try {
  const looks = [];
  for (let i = 0; i < LOOKS; i++) looks.push(await firstPaint(gatehouse));
  const first = [...new Set(looks[0].loaded)].map(name => {
    const size = sizes.get(name);
    if (!size) throw new Error(`the program carries other pages than frontend/dist: it asked for ${name}`);
    return size;
  });
  say(`JavaScript: ${weight([...sizes.values()])}`);
  say(`JavaScript of the first page: ${weight(first)}`);
  for (const [what, times] of [
    ["first paint", looks.map(look => look.at)],
    ["first page", looks.map(look => look.shown)],
  ]) {
    const [least, most] = [Math.min(...times), Math.max(...times)].map(ms => ms.toFixed(0));
    say(`${what} in Chromium: ${median(times).toFixed(0)} ms, the median of ${LOOKS} (${least} to ${most})`);
  }
} finally {
  await gatehouse.remove();
}
