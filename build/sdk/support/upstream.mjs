// A provider played by a local HTTP server. It keeps every request as it came, bytes and headers.
import { once } from "node:events";
import http from "node:http";

/** startUpstream serves with answer(request, response); request has {method, path, rawHeaders, headers, body}. */
export async function startUpstream(answer) {
  const requests = [];
  const server = http.createServer(async (req, res) => {
    const chunks = [];
    try {
      for await (const chunk of req) chunks.push(chunk);
    } catch {
      return; // the client went away while it was still sending
    }
    const request = {
      method: req.method,
      path: req.url,
      headers: req.headers,
      rawHeaders: req.rawHeaders,
      body: Buffer.concat(chunks),
    };
    requests.push(request);
    answer(request, res);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    /** last is the newest request that is not a model list. */
    last: () => requests.filter((r) => r.method === "POST").at(-1),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

export function json(res, status, body, headers = {}) {
  res.writeHead(status, { "content-type": "application/json", ...headers });
  res.end(JSON.stringify(body));
}

/** events writes server-sent events; each is data, or [name, data]. */
export function events(res, list) {
  if (!res.headersSent) res.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of list) {
    const [name, data] = Array.isArray(event) ? event : [null, event];
    const text = typeof data === "string" ? data : JSON.stringify(data);
    res.write(`${name ? `event: ${name}\n` : ""}data: ${text}\n\n`);
  }
}
