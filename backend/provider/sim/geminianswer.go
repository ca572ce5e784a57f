package sim

import (
	"encoding/base64"
	"encoding/json"
)

type geminiAnswer struct {
	Candidates    []geminiCandidate `json:"candidates"`
	UsageMetadata geminiUsage       `json:"usageMetadata"`
	ModelVersion  string            `json:"modelVersion"`
	ResponseID    string            `json:"responseId"`
}

type geminiCandidate struct {
	Content      geminiContent `json:"content"`
	FinishReason string        `json:"finishReason,omitempty"`
	Index        int           `json:"index"`
}

type geminiUsage struct {
	PromptTokenCount     int64            `json:"promptTokenCount"`
	CandidatesTokenCount int64            `json:"candidatesTokenCount,omitempty"`
	TotalTokenCount      int64            `json:"totalTokenCount"`
	PromptTokensDetails  []geminiModality `json:"promptTokensDetails"`
	ThoughtsTokenCount   int64            `json:"thoughtsTokenCount,omitempty"`
}

type geminiModality struct {
	Modality   string `json:"modality"`
	TokenCount int64  `json:"tokenCount"`
}

// geminiUsageOf counts thoughts beside the candidates, as the API does.
func geminiUsageOf(input, output, thoughts int64) geminiUsage {
	return geminiUsage{
		PromptTokenCount: input, CandidatesTokenCount: output, ThoughtsTokenCount: thoughts,
		TotalTokenCount: input + output + thoughts, PromptTokensDetails: []geminiModality{{"TEXT", input}},
	}
}

func geminiFinish(f finish) string {
	if f == finishLength {
		return "MAX_TOKENS"
	}
	return "STOP" // for tool calls too
}

func geminiSignature(text string) string { return base64.StdEncoding.EncodeToString(seal(text)) }

// geminiThought is the reasoning of an answer, empty if there is none.
func geminiThought(ans *answer) string {
	for _, p := range ans.parts {
		if p.kind == partReasoning {
			return p.text
		}
	}
	return ""
}

func geminiAnswerOf(h head, model string, parts []geminiPart, reason string, u geminiUsage) geminiAnswer {
	return geminiAnswer{
		Candidates:    []geminiCandidate{{Content: geminiContent{"model", parts}, FinishReason: reason}},
		UsageMetadata: u, ModelVersion: model, ResponseID: h.id,
	}
}

// geminiCallPart is a call; the first one of an answer is signed.
func geminiCallPart(p part, first bool) geminiPart {
	out := geminiPart{FunctionCall: &geminiCall{p.id, p.name, json.RawMessage(p.text)}}
	if first {
		out.ThoughtSignature = geminiSignature(p.name)
	}
	return out
}

// whole puts the signature of reasoning on the text behind it; thoughts are shown to who asked for them.
func (gemini) whole(h head, a *ask, ans *answer) []byte {
	parts := []geminiPart{}
	thought, calls := geminiThought(ans), 0
	for _, p := range ans.parts {
		switch p.kind {
		case partReasoning:
			if a.summary {
				parts = append(parts, geminiPart{Text: &p.text, Thought: true})
			}
		case partText:
			out := geminiPart{Text: &p.text}
			if thought != "" {
				out.ThoughtSignature = geminiSignature(thought)
			}
			parts = append(parts, out)
		case partCall:
			parts = append(parts, geminiCallPart(p, calls == 0))
			calls++
		}
	}
	u := h.usage
	return encode(geminiAnswerOf(h, a.model, parts, geminiFinish(ans.finish),
		geminiUsageOf(u.input, u.output-u.reasoning, u.reasoning)))
}

// geminiStreamer writes one object a token, calls whole. The signature of reasoning stands on the empty text at the end,
// unless a call has it.
type geminiStreamer struct {
	out              emit
	head             head
	ask              *ask
	ans              *answer
	calls            int
	written, thought int64
}

func (gemini) stream(out emit, h head, a *ask, ans *answer) streamer {
	return &geminiStreamer{out: out, head: h, ask: a, ans: ans}
}

func (s *geminiStreamer) chunk(p geminiPart, reason string) error {
	u := geminiUsageOf(s.head.usage.input, s.written, s.thought)
	return s.out("", geminiAnswerOf(s.head, s.ask.model, []geminiPart{p}, reason, u))
}

func (s *geminiStreamer) begin() error { return nil }

func (s *geminiStreamer) partStart(int, part) error { return nil }

func (s *geminiStreamer) piece(_ int, p part, text string) error {
	if p.kind == partReasoning {
		s.thought++
		if !s.ask.summary {
			return nil
		}
		return s.chunk(geminiPart{Text: &text, Thought: true}, "")
	}
	s.written++
	if p.kind == partCall {
		return nil
	}
	return s.chunk(geminiPart{Text: &text}, "")
}

func (s *geminiStreamer) partEnd(_ int, p part) error {
	if p.kind != partCall {
		return nil
	}
	s.calls++
	return s.chunk(geminiCallPart(p, s.calls == 1), "")
}

func (s *geminiStreamer) finish() error {
	last := geminiPart{Text: new(string)}
	if thought := geminiThought(s.ans); thought != "" && s.calls == 0 {
		last.ThoughtSignature = geminiSignature(thought)
	}
	if err := s.chunk(last, geminiFinish(s.ans.finish)); err != nil {
		return err
	}
	return s.out("", nil)
}

func (s *geminiStreamer) fail(ref *refusal) error {
	if err := s.out("", geminiErrorBody(ref)); err != nil {
		return err
	}
	return s.out("", nil)
}
