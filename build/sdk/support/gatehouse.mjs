// Starts the real headless binary with a state folder of its own.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

// GATEHOUSE_BINARY names another one to test than that of this tree's build.
const binary =
  process.env.GATEHOUSE_BINARY ??
  fileURLToPath(new URL(`../../bin/gatehouse-headless${process.platform === "win32" ? ".exe" : ""}`, import.meta.url));

// What the server and the CLI get from our environment: nothing that could hold a credential or lead to a keychain.
const inherited = ["PATH", "SystemRoot", "TMPDIR", "TEMP", "TMP"];

/**
 * startGatehouse resolves once the server answers. settings becomes gatehouse.jsonc, with which nobody beyond this machine
 * is asked for anything unless it says so; credentials are the environment variables that it reads them from.
 */
export async function startGatehouse({ settings = {}, credentials = {} } = {}) {
  const home = await mkdtemp(path.join(os.tmpdir(), "gatehouse-sdk-"));
  await writeFile(path.join(home, "gatehouse.jsonc"), JSON.stringify({ hostedList: false, ...settings }, null, 2), { mode: 0o600 });
  const port = await freePort();
  const env = { HOME: home, USERPROFILE: home, APPDATA: home, GATEHOUSE_HOME: home };
  for (const name of inherited) if (process.env[name]) env[name] = process.env[name];

  const child = spawn(binary, ["serve", "--addr", `127.0.0.1:${port}`], {
    env: { ...env, ...credentials },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const ended = once(child, "close");
  ended.catch(() => {}); // a binary that can't be started is told below

  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 30_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}:\n${output}`);
    if (Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`serve did not answer within 30 s:\n${output}`);
    }
    const answer = await fetch(`${url}/healthz`).catch(() => null);
    if (answer?.ok) break;
    await Promise.race([ended, new Promise((wake) => setTimeout(wake, 50))]);
  }

  const cli = async (...args) => (await run(binary, args, { env })).stdout;
  return {
    url,
    /** home is the state folder. */
    home,
    cli,
    /** key makes a local API key. */
    key: async (name) => (await cli("key", "create", name)).trim(),
    /** usage is the history as the CLI tells it, once accept says yes; the server writes it in batches. */
    usage: async (accept) => {
      const until = Date.now() + 15_000;
      for (;;) {
        const records = JSON.parse(await cli("usage", "--json"));
        if (accept(records)) return records;
        assert.ok(Date.now() < until, `the history never became what was expected: ${JSON.stringify(records, null, 1)}`);
        await new Promise((wake) => setTimeout(wake, 100));
      }
    },
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function freePort() {
  const server = net.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
