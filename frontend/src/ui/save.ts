import { announce } from "./announce";
import { host } from "./host";
import { attempt, notifyDone } from "./notify";

/** Hands a text to the user as a file; where there are no downloads, on the clipboard, saying so. */
export function saveText(name: string, type: string, text: string): Promise<boolean> {
  return attempt(`Saving ${name} failed`, async () => {
    if (!host.saves) {
      await host.copy(text);
      notifyDone(`${name} is on the clipboard`, "Paste it into a file of that name.");
      return;
    }
    const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 0);
    announce(`Saved ${name}.`);
  });
}

/** A file's name made of a title: letters, digits and dashes. */
export function fileName(title: string, extension: string): string {
  const plain = title
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  return `${plain || "gatehouse"}.${extension}`;
}
