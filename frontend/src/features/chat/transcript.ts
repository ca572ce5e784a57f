import type { Conversation, Turn } from "../../api";
import { megabytes } from "./attach";

/** A conversation as Markdown: who speaks as a heading, what they say as it was written. */
export function asMarkdown(conversation: Conversation, turns: Turn[]): string {
  const parts = [`# ${conversation.title || "Untitled"}`];
  if (conversation.system) parts.push("## System", conversation.system);
  for (const turn of turns) {
    if (turn.role === "user") {
      parts.push("## You");
      for (const file of turn.files) parts.push(`*File: ${file.name} (${megabytes(file.size)})*`);
      if (turn.text) parts.push(turn.text);
    } else {
      parts.push(`## ${turn.model}${turn.provider ? ` via ${turn.provider}` : ""}`);
      for (const tool of turn.tools) parts.push(`*Tool: ${tool.name}*`);
      if (turn.text) parts.push(turn.text);
      if (turn.state === "failed") parts.push(`*Failed: ${turn.error}*`);
      if (turn.state === "stopped") parts.push("*Stopped.*");
    }
  }
  return `${parts.join("\n\n")}\n`;
}

/**
 * A conversation with everything that is known of it, for programs. Costs are in 1e-12 USD; of files there is everything but
 * what they contain.
 */
export function asJson(conversation: Conversation, turns: Turn[]): string {
  const { snippet: _, ...kept } = conversation;
  return `${JSON.stringify({ conversation: kept, turns }, null, 2)}\n`;
}
