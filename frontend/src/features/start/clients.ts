// The clients that the start page explains. All three editors are extensions of VS Code that keep their settings in its
// secret storage, so they are set up by hand.

export interface ClientGuide {
  /** Also the name of the key that is made for it. */
  id: string;
  name: string;
  steps: string;
}

export const clients: ClientGuide[] = [
  {
    id: "cline",
    name: "Cline",
    steps:
      "In VS Code, open Cline's settings (the gear), choose “OpenAI Compatible” as API Provider and enter:",
  },
  {
    id: "kilo-code",
    name: "Kilo Code",
    steps: "In VS Code, open Kilo Code's settings, Providers, choose “OpenAI Compatible” and enter:",
  },
  {
    id: "caret",
    name: "Caret",
    steps:
      "In VS Code, open Caret's settings (the gear), choose “OpenAI Compatible” as API Provider and enter:",
  },
  { id: "curl", name: "curl", steps: "" },
];

/** A name that no key has yet: cline, cline-2, cline-3. */
export function freeName(wanted: string, taken: string[]): string {
  const names = new Set(taken);
  let name = wanted;
  for (let n = 2; names.has(name); n++) name = `${wanted}-${n}`;
  return name;
}

/** A command line that streams an answer. */
export function curlLine(url: string, key: string, model: string): string {
  const body = JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Hello" }] });
  return `curl -N ${url}/v1/chat/completions \\\n  -H "Authorization: Bearer ${key}" \\\n  -H "Content-Type: application/json" \\\n  -d '${body}'`;
}
