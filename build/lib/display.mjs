// Exits with 0 if a window can be shown: a Wayland compositor, or an X server that lets us in. A variable that is set
// proves nothing: it outlives the desktop in a terminal multiplexer, and root often lacks the cookie.
import { readFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

const { DISPLAY, WAYLAND_DISPLAY, XDG_RUNTIME_DIR, XAUTHORITY } = process.env;

const timeoutMs = 3000;

// connect resolves with what the server first answers to hello ("" if there is nothing to say), or null.
function connect(address, hello) {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => end(null));
    socket.once("error", () => end(null));
    socket.once("end", () => end(null));
    socket.once("connect", () => (hello ? socket.write(hello) : end(Buffer.alloc(0))));
    socket.once("data", end);
  });
}

// cookies lists the MIT-MAGIC-COOKIE-1 entries for a display number. The file is a run of big-endian records: family,
// then address, number, name and data, each with its length before it (Xau(3)).
function cookies(number) {
  let file;
  try {
    file = readFileSync(XAUTHORITY || path.join(os.homedir(), ".Xauthority"));
  } catch {
    return [];
  }
  const found = [];
  for (let at = 0; at + 2 <= file.length; ) {
    at += 2;
    const fields = [];
    for (let i = 0; i < 4 && at + 2 <= file.length; i++) {
      const length = file.readUInt16BE(at);
      fields.push(file.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    if (fields.length < 4) break;
    const [, display, name, data] = fields;
    if (name.toString() === "MIT-MAGIC-COOKIE-1" && (display.length === 0 || display.toString() === number)) {
      found.push(data);
    }
  }
  return found;
}

// hello is the X11 connection set-up request (X Window System Protocol, section 8), little-endian.
function hello(cookie) {
  const name = cookie.length ? "MIT-MAGIC-COOKIE-1" : "";
  const pad = (n) => (4 - (n % 4)) % 4;
  const head = Buffer.alloc(12);
  head.write("l", 0);
  head.writeUInt16LE(11, 2);
  head.writeUInt16LE(name.length, 6);
  head.writeUInt16LE(cookie.length, 8);
  return Buffer.concat([head, Buffer.from(name), Buffer.alloc(pad(name.length)), cookie, Buffer.alloc(pad(cookie.length))]);
}

async function x11() {
  const parts = /^(.*):(\d+)(\.\d+)?$/.exec(DISPLAY ?? "");
  if (!parts) return false;
  const [, host, number] = parts;
  const tcp = { host: host || "127.0.0.1", port: 6000 + Number(number) };
  const local = [{ path: `/tmp/.X11-unix/X${number}` }, { path: `\0/tmp/.X11-unix/X${number}` }];
  const addresses = host === "" || host === "unix" ? local : host.startsWith("/") ? [{ path: DISPLAY }] : [tcp];
  for (const address of addresses) {
    for (const cookie of [...cookies(number), Buffer.alloc(0)]) {
      const answer = await connect(address, hello(cookie));
      if (answer?.[0] === 1) return true; // 0 is refused, 2 wants more proof
    }
  }
  return false;
}

async function wayland() {
  if (!WAYLAND_DISPLAY) return false;
  return (await connect({ path: path.resolve(XDG_RUNTIME_DIR ?? "/", WAYLAND_DISPLAY) })) !== null;
}

process.exit((await wayland()) || (await x11()) ? 0 : 1);
