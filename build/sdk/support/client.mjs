// What the tests of both SDKs share.
import assert from "node:assert/strict";

/** recorder is a fetch for an SDK that keeps the bytes and headers it sent; rewrite may change the bytes first. */
export function recorder() {
  const record = { sent: null, headers: null, rewrite: null };
  record.fetch = (url, init) => {
    let body = init?.body;
    if (typeof body === "string" && record.rewrite) body = record.rewrite(body);
    if (body != null) {
      assert.equal(typeof body, "string", "the SDK sends its body as text");
      record.sent = Buffer.from(body);
      record.headers = new Headers(init.headers);
    }
    return fetch(url, { ...init, body });
  };
  return record;
}

/** assertForwarded checks that the upstream got the bytes the client sent, but for the model's name. */
export function assertForwarded(sent, got, asked, served) {
  const want = sent.toString().replace(JSON.stringify(asked), JSON.stringify(served));
  assert.notEqual(want, sent.toString(), "the body names the model");
  assert.equal(got.body.toString(), want);
  assert.ok(got.body.equals(Buffer.from(want)));
}

/** assertNoTrace checks that a secret is in no header of a request, nor in its path or body. */
export function assertNoTrace(request, secret) {
  assert.ok(secret.length >= 16, "a secret worth looking for");
  for (const value of [...request.rawHeaders, request.path, request.body.toString()]) {
    assert.ok(!value.includes(secret), `the upstream saw the client's key in ${JSON.stringify(value)}`);
  }
}

/** within resolves with a promise's value, or fails with what was awaited. */
export async function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** rejection resolves with the error a promise is rejected with. */
export async function rejection(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: `expected an error, got ${JSON.stringify(value)}` });
}

/** oddly spells a JSON object as no encoder would: blanks, exponents, escapes, an unknown field that repeats. */
export function oddly(text) {
  return text
    .replace(/^\{/, '{ \n\t"x_unknown" : 1.50e+02 , "x_unknown":"\\u00e9\\/",')
    .replace(/\}$/, ' ,\r\n "x_last":[ ] }\n');
}
