// Editors' own command lines, connected by `gatehouse connect` in a home of their own, do a small piece of work through the
// endpoint, against the simulator. Their other traffic (updates, telemetry, model lists) is turned off: nothing here needs
// a network.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startGatehouse } from "../sdk/support/gatehouse.mjs";

const prompt = "In the file notes.txt of this folder replace the word apples with pears. Change nothing else.";
const program = (file) => fileURLToPath(new URL(`node_modules/${file}`, import.meta.url));

// opencode's switches; Kilo Code's command line is made from it and has them too.
const quiet = (prefix) => ({
  [`${prefix}_DISABLE_MODELS_FETCH`]: "1",
  [`${prefix}_DISABLE_AUTOUPDATE`]: "1",
  [`${prefix}_DISABLE_LSP_DOWNLOAD`]: "1",
  [`${prefix}_DISABLE_DEFAULT_PLUGINS`]: "1",
});

// file is the settings file that the user had, and text what stood in it.
const editors = [
  {
    id: "claude-code",
    file: ".claude/settings.json",
    text: '{\n    "cleanupPeriodDays": 9,\n    "env": { "KEPT": "1" }\n}\n',
    run: [program("@anthropic-ai/claude-code-linux-x64/claude"), "-p", "--dangerously-skip-permissions", prompt],
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", IS_SANDBOX: "1" },
  },
  {
    id: "codex",
    file: ".codex/config.toml",
    text: "# kept\ncheck_for_update_on_startup = false\n\n[features]\nplugins = false\n",
    // Its own sandbox needs rights that a container may not have; the folder is a scratch one.
    run: [program("codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex"), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", prompt],
    env: {},
  },
  {
    id: "opencode",
    file: ".config/opencode/opencode.json",
    text: '{\n  "$schema": "https://opencode.ai/config.json",\n  "autoupdate": false, // kept\n}\n',
    run: [program("opencode-linux-x64-baseline/bin/opencode"), "run", prompt],
    env: quiet("OPENCODE"),
  },
  {
    id: "kilo-code",
    file: ".config/kilo/kilo.json",
    text: '{\r\n\t"autoupdate": false // kept\r\n}\r\n',
    run: [program("@kilocode/cli-linux-x64/bin/kilo"), "run", "--auto", prompt],
    env: {
      ...quiet("KILO"),
      KILO_TELEMETRY_LEVEL: "off",
      KILO_DISABLE_SESSION_INGEST: "1",
      KILO_DISABLE_PRESENCE: "1",
      KILO_DISABLE_CODEBASE_INDEXING: "1",
      KILO_NO_DAEMON: "1",
    },
  },
  {
    id: "cline",
    file: ".cline/data/settings/providers.json",
    text: '{"version":1,"modes":{},"providers":{}}',
    run: [program("@cline/cli-linux-x64/bin/cline"), prompt],
    // A port of its own, so that it neither finds nor disturbs the hub of whoever runs this.
    env: { CLINE_NO_AUTO_UPDATE: "1", E2E_TEST: "true", CLINE_HUB_PORT: "25471" },
  },
];

describe("editors' command lines", () => {
  let gatehouse;
  before(async () => {
    gatehouse = await startGatehouse();
  });
  after(async () => {
    if (gatehouse) await endLeftovers(gatehouse.home);
    await gatehouse?.stop();
  });

  for (const editor of editors) {
    const skip = existsSync(editor.run[0]) ? false : "npm has it for Linux on x64 only";
    test(`${editor.id} edits a file`, { skip, timeout: 240_000 }, async () => {
      const settings = path.join(gatehouse.home, editor.file);
      await mkdir(path.dirname(settings), { recursive: true });
      await writeFile(settings, editor.text);
      const folder = path.join(gatehouse.home, "work", editor.id);
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, "notes.txt"), "We have apples today.\n");

      await gatehouse.cli("connect", editor.id, "--yes", "--model", "sim/editor");
      const connected = await readFile(settings, "utf8");
      const said = await run(editor, folder);

      assert.equal(await readFile(path.join(folder, "notes.txt"), "utf8"), "We have pears today.\n", said);
      assert.match(said, /I called \w+ to edit notes\.txt/);
      const records = await gatehouse.usage((all) => all.filter((r) => r.key === editor.id).length >= 2);
      const own = records.filter((r) => r.key === editor.id);
      assert.deepEqual([...new Set(own.map((r) => r.outcome))], ["ok"], JSON.stringify(own, null, 1));
      assert.deepEqual([...new Set(own.map((r) => r.model))], ["sim/editor"]);

      const findings = JSON.parse(await gatehouse.cli("doctor", "--json"));
      assert.ok(findings.some((f) => f.state === "ok" && f.message.startsWith("sim/editor answered")), JSON.stringify(findings));

      const left = await readFile(settings, "utf8");
      await gatehouse.cli("connect", editor.id, "--revert", "--yes");
      if (left === connected) assert.equal(await readFile(settings, "utf8"), editor.text);
      else if (existsSync(settings)) assert.doesNotMatch(await readFile(settings, "utf8"), /127\.0\.0\.1|gh_/);
      const key = JSON.parse(await gatehouse.cli("key", "list", "--json")).find((k) => k.name === editor.id);
      assert.ok(key.revokedAt, JSON.stringify(key));
    });
  }

  // run gives what the program said, on both its outputs.
  async function run({ run: [command, ...args], env }, folder) {
    const home = gatehouse.home;
    const child = spawn(command, args, {
      cwd: folder,
      env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR ?? "/tmp", TERM: "dumb", HOME: home, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 200_000,
      killSignal: "SIGKILL",
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said += data));
    const [code, signal] = await once(child, "close");
    assert.equal(code, 0, `${command} ended with ${signal ?? code}:\n${said}`);
    return said;
  }
});

// Cline leaves a process behind that waits for more work. Those that work below a folder are ended.
async function endLeftovers(folder) {
  for (const pid of await readdir("/proc").catch(() => [])) {
    const line = /^\d+$/.test(pid) ? await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "") : "";
    if (Number(pid) !== process.pid && line.split("\0").some((word) => word.startsWith(path.join(folder, "work") + path.sep))) process.kill(Number(pid));
  }
}
