const ALLOWED = new Set(["http:", "https:", "mailto:"]);

/** Gives back an address that is safe to link to, or "" for one that is not. Relative addresses are not. */
export function safeLink(address: string | null | undefined): string {
  if (!address) return "";
  try {
    // Without a base, so that only absolute addresses parse.
    const url = new URL(address.trim());
    return ALLOWED.has(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

/** Images may only come from the text itself: a remote one would tell its server that the answer was read. */
export function safeImage(address: string | null | undefined): string {
  return address && /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/.test(address) ? address : "";
}
