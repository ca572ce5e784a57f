import type { UsageRecord } from "../../api";
import { Mood, type Tone } from "../../ui/Dot";

const moods: Record<UsageRecord["outcome"], { tone: Tone; text: string }> = {
  ok: { tone: "good", text: "OK" },
  error: { tone: "bad", text: "Error" },
  cancelled: { tone: "quiet", text: "Cancelled" },
  interrupted: { tone: "warn", text: "Interrupted" },
  open: { tone: "busy", text: "Running" },
};

export function Outcome({ outcome }: { outcome: UsageRecord["outcome"] }) {
  const { tone, text } = moods[outcome];
  return <Mood tone={tone}>{text}</Mood>;
}
