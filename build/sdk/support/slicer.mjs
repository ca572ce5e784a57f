// A TCP relay that passes an answer's bytes on a few at a time, so that characters and events come in pieces.
import { once } from "node:events";
import net from "node:net";

/** slice relays to url in pieces of size bytes and gives the URL to ask instead. */
export async function slice(url, size = 7) {
  const { hostname, port } = new URL(url);
  const open = new Set();
  const server = net.createServer((near) => {
    const far = net.connect({ host: hostname, port: Number(port) });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {}); // either side may leave at any time
      socket.on("close", () => open.delete(socket));
    }
    near.on("close", () => far.destroy()); // a client that left is left
    // Gatehouse takes requests for its own address only.
    const host = new RegExp(`^host: 127\\.0\\.0\\.1:${server.address().port}\r$`, "gim");
    near.on("data", (data) => far.write(data.toString("latin1").replace(host, `Host: ${hostname}:${port}\r`), "latin1"));
    near.on("end", () => far.end());
    relay(far, near, size);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      for (const socket of open) socket.destroy();
      return new Promise((closed) => server.close(closed));
    },
  };
}

async function relay(from, to, size) {
  try {
    for await (const data of from) {
      for (let at = 0; at < data.length && !to.destroyed; at += size) {
        to.write(data.subarray(at, at + size));
        await new Promise(setImmediate); // one piece, one packet
      }
    }
    to.end();
  } catch {
    to.destroy(); // torn on one side, torn on the other
  }
}
