// What may go with a message, judged before it is read: the same bounds as on the other side.
import type { ChatFile } from "../../api";
import type { Takes } from "../../state/models";

export const MOST_FILES = 10;
export const LARGEST_FILE = 10 << 20;
export const MOST_BYTES = 20 << 20;

const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const PDF = "application/pdf";

/** A file that goes with the next message. */
export interface Attached {
  id: number;
  name: string;
  type: string;
  size: number;
  /** Its content as a data: address. */
  address: string;
}

/** What a file picker offers; empty where the model takes no files. */
export function acceptedBy(takes: Takes): string {
  return [...(takes.images ? IMAGES : []), ...(takes.pdfs ? [PDF] : [])].join(",");
}

/** What of these files a model is not known to take: "pictures and PDFs"; empty where it takes all. */
export function unfit(types: Iterable<string>, takes: Takes): string {
  const missing = { images: false, pdfs: false };
  for (const type of types) {
    if (type === PDF) missing.pdfs ||= !takes.pdfs;
    else missing.images ||= !takes.images;
  }
  return missing.images || missing.pdfs ? spellTakes(missing) : "";
}

/** Spells what a model takes: "pictures and PDFs". */
export function spellTakes({ images, pdfs }: Takes): string {
  if (images && pdfs) return "pictures and PDFs";
  if (images) return "pictures";
  return pdfs ? "PDFs" : "no files";
}

/** Why a file can't go with a message; empty if it can. */
export function refusal(
  file: { name: string; type: string; size: number },
  takes: Takes,
  model: string,
  others: { size: number }[],
  sent: number,
): string {
  const image = IMAGES.includes(file.type);
  if (!image && file.type !== PDF)
    return `${file.name} is neither a picture (PNG, JPEG, GIF, WebP) nor a PDF.`;
  if (!(image ? takes.images : takes.pdfs))
    return `${model} is not known to take ${image ? "pictures" : "PDFs"}. Choose another model, or leave ${file.name} out.`;
  if (file.size > LARGEST_FILE) return `${file.name} has ${megabytes(file.size)}; a file may have 10 MB.`;
  if (others.length >= MOST_FILES) return `A message takes ${MOST_FILES} files.`;
  const all = sent + others.reduce((sum, f) => sum + f.size, file.size);
  if (all > MOST_BYTES)
    return `With ${file.name}, this conversation's files would have ${megabytes(all)}. They go with every message, and 20 MB is the most.`;
  return "";
}

/** The bytes of the files that a conversation has already. */
export function bytesOf(files: Iterable<Pick<ChatFile, "size">>): number {
  let sum = 0;
  for (const file of files) sum += file.size;
  return sum;
}

/** Spells a size in bytes: 340 KB, 2.4 MB. */
export function megabytes(bytes: number): string {
  if (bytes < 1 << 10) return `${bytes} B`;
  if (bytes < 1 << 20) return `${Math.round(bytes / (1 << 10))} KB`;
  return `${(bytes / (1 << 20)).toFixed(1)} MB`;
}

/** The content of a data: address, in base64. */
export function contentOf(address: string): string {
  return address.slice(address.indexOf(",") + 1);
}
