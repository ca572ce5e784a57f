// What is known of one comparison, as a pure function of snapshots and events. Deltas may be lost; an answer that ended
// comes whole.
import type { CompareAnswer, CompareDelta, ComparedAnswer, ComparisonDetail } from "../api";

export interface Compared {
  detail: ComparisonDetail;
  /** A delta was lost, so that asking for the comparison again would show more. */
  gap: boolean;
}

export function answerPlace(detail: ComparisonDetail, prompt: number, model: string): number {
  return prompt * detail.comparison.models.length + detail.comparison.models.indexOf(model);
}

/** The answers to one prompt, in the order of the models. */
export function answersTo(detail: ComparisonDetail, prompt: number): ComparedAnswer[] {
  const wide = detail.comparison.models.length;
  return detail.answers.slice(prompt * wide, (prompt + 1) * wide);
}

export function applyDelta(known: Compared, delta: CompareDelta): Compared {
  const place = answerPlace(known.detail, delta.prompt, delta.model);
  const answer = known.detail.answers[place];
  if (!answer || hasEnded(answer) || delta.seq <= answer.seq) return known;
  if (delta.seq > answer.seq + 1) return known.gap ? known : { ...known, gap: true };
  return replaceAt(known, place, {
    ...answer,
    state: "streaming",
    seq: delta.seq,
    text: answer.text + delta.text,
    reasoning: answer.reasoning + delta.reasoning,
  });
}

export function applyAnswer(known: Compared, event: CompareAnswer): Compared {
  const place = answerPlace(known.detail, event.answer.prompt, event.answer.model);
  const answer = known.detail.answers[place];
  // The event of a beginning may come after what it began was seen.
  if (!answer || (!hasEnded(event.answer) && answer.state !== "waiting")) return known;
  const next = replaceAt(known, place, event.answer);
  const { comparison } = next.detail;
  const ended = Math.max(comparison.ended, event.ended);
  return { ...next, detail: { ...next.detail, comparison: { ...comparison, ended } } };
}

/** Takes a snapshot in, which may be older than the events that overtook it. */
export function applySnapshot(known: Compared | null, detail: ComparisonDetail): Compared {
  if (!known) return { detail, gap: false };
  const answers = detail.answers.map((theirs, place) => {
    const ours = known.detail.answers[place];
    if (!ours || hasEnded(theirs)) return theirs;
    return hasEnded(ours) || ours.seq > theirs.seq ? ours : theirs;
  });
  return { detail: { ...detail, answers }, gap: false };
}

export function hasEnded(answer: ComparedAnswer): boolean {
  return answer.state !== "waiting" && answer.state !== "streaming";
}

function replaceAt(known: Compared, place: number, answer: ComparedAnswer): Compared {
  const answers = [...known.detail.answers];
  answers[place] = answer;
  return { ...known, detail: { ...known.detail, answers } };
}
