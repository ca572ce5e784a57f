// Starts the real program with a home of its own and opens its pages in Chromium, the way a user does.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import axe from "axe-core";
import { chromium } from "playwright-core";

const BINARY = resolve(
  process.env.GATEHOUSE_BIN ?? join(import.meta.dirname, "../../build/bin/gatehouse-headless"),
);
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** How long anything may take before it counts as never. */
export const PATIENCE_MS = 30_000;

const run = promisify(execFile);

/**
 * An environment without this machine's keychain, credentials and editors, so that every run meets the same, and with a way out of
 * the machine that leads nowhere.
 */
function environment(home) {
  const hidden =
    /_API_KEY$|^VERCEL_|^DBUS_|^XDG_|^GATEHOUSE_|^CODEX_HOME$|^CLAUDE_|^CONTINUE_|^GEMINI_|^ZDOTDIR$/;
  const kept = Object.entries(process.env).filter(([name]) => !hidden.test(name));
  return {
    ...Object.fromEntries(kept),
    GATEHOUSE_HOME: home,
    HOME: join(home, "user"),
    HTTPS_PROXY: "http://127.0.0.1:1",
  };
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** One running Gatehouse. */
export class Gatehouse {
  /** Starts it, with variables that its environment has besides; prepare is given its home before. */
  static async start(extra = {}, prepare = async () => {}) {
    const gatehouse = new Gatehouse();
    gatehouse.extra = extra;
    gatehouse.home = await mkdtemp(join(tmpdir(), "gatehouse-e2e-"));
    gatehouse.user = join(gatehouse.home, "user"); // whose editors there are
    await mkdir(gatehouse.user);
    await prepare(gatehouse.home);
    gatehouse.port = await freePort();
    gatehouse.url = `http://127.0.0.1:${gatehouse.port}`;
    await gatehouse.serve();
    return gatehouse;
  }

  async serve() {
    this.process = spawn(BINARY, ["serve", "--addr", `127.0.0.1:${this.port}`], {
      env: { ...environment(this.home), ...this.extra },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.log = "";
    this.process.stderr.on("data", data => {
      this.log += data;
    });
    for await (const line of createInterface({ input: this.process.stdout })) {
      if (line.includes(this.url)) return;
    }
    throw new Error(`the program ended before it served:\n${this.log}`);
  }

  /** Ends the program as a service manager would. */
  async stop() {
    if (this.process.exitCode === null) {
      const ended = once(this.process, "exit");
      this.process.kill("SIGTERM");
      await ended;
    }
  }

  async remove() {
    await this.stop();
    await rm(this.home, { recursive: true, force: true });
  }

  /** Runs a command of the command line; gives back what it printed. */
  async cli(...args) {
    const { stdout } = await run(BINARY, args, { env: environment(this.home), timeout: PATIENCE_MS });
    return stdout.trim();
  }

  link() {
    return this.cli("ui", "--print");
  }

  /** Asks the endpoint like an editor. */
  ask(key, body) {
    return fetch(`${this.url}/v1/chat/completions`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  }
}

/** A browser with its pages open. Faults that the pages report to the console are collected. */
export class Browser {
  static async open(gatehouse, options = {}) {
    const browser = new Browser();
    browser.chromium = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    browser.context = await browser.chromium.newContext({
      viewport: { width: 1280, height: 800 },
      colorScheme: "light",
      permissions: ["clipboard-read", "clipboard-write"],
      ...options,
    });
    browser.context.setDefaultTimeout(PATIENCE_MS);
    browser.page = await browser.context.newPage();
    browser.faults = [];
    browser.page.on("pageerror", error => browser.faults.push(String(error)));
    browser.page.on("console", message => {
      if (["error", "warning"].includes(message.type())) browser.faults.push(message.text());
    });
    await browser.page.goto(await gatehouse.link());
    await browser.page.getByRole("heading", { level: 1, name: "Start" }).waitFor();
    return browser;
  }

  /** Goes to a page by its place in the navigation. */
  async goTo(name) {
    await this.page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }).click();
  }

  /** Picks an option of a searched select by typing. */
  async pick(field, value) {
    await this.page.getByRole("button", { name: new RegExp(`^${field}`) }).click();
    const search = this.page.getByLabel(`Search ${field.toLowerCase()}`);
    await search.fill(value);
    await this.page.getByRole("option", { name: value }).first().waitFor();
    await search.press("Enter");
    await search.waitFor({ state: "hidden" }); // the focus goes back to the button once it is closed
  }

  /** Fails on what keeps people from using what is shown now; what names it in the failure. */
  async assertAccessible(what) {
    await this.page.waitForFunction(() => document.getAnimations().every(a => a.playState !== "running"));
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate(() =>
      globalThis.axe.run(document, { resultTypes: ["violations"] }),
    );
    const found = violations
      .filter(v => v.impact === "serious" || v.impact === "critical")
      .map(v => `${v.id}: ${v.nodes.map(n => n.html).join("\n")}`);
    assert.deepEqual(found, [], what);
  }

  async close() {
    await this.chromium.close();
  }

  /** Fails on anything that the pages complained about. */
  assertNoFaults() {
    assert.deepEqual(this.faults, []);
  }
}

/** Gives a test a running Gatehouse and a browser, and takes them away after it. */
export async function open(t, { env, prepare, ...options } = {}) {
  const gatehouse = await Gatehouse.start(env, prepare);
  t.after(() => gatehouse.remove());
  const browser = await Browser.open(gatehouse, options);
  t.after(() => browser.close());
  return { gatehouse, browser, page: browser.page };
}

/** Saves a screenshot if GATEHOUSE_SHOTS names a folder. */
export async function shoot(page, name) {
  const folder = process.env.GATEHOUSE_SHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled" });
}
