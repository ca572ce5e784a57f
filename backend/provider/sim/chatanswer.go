package sim

import "encoding/json"

const fingerprint = "fp_gatehouse_sim"

type chatAnswer struct {
	ID                string       `json:"id"`
	Object            string       `json:"object"`
	Created           int64        `json:"created"`
	Model             string       `json:"model"`
	Choices           []chatChoice `json:"choices"`
	Usage             chatUsage    `json:"usage"`
	SystemFingerprint string       `json:"system_fingerprint"`
}

type chatChoice struct {
	Index        int             `json:"index"`
	Message      chatAnswered    `json:"message"`
	Logprobs     json.RawMessage `json:"logprobs"`
	FinishReason string          `json:"finish_reason"`
}

// chatAnswered adds reasoning_content to OpenAI's message, as DeepSeek and many others do.
type chatAnswered struct {
	Role             string     `json:"role"`
	Content          *string    `json:"content"`
	ReasoningContent string     `json:"reasoning_content,omitempty"`
	Refusal          *string    `json:"refusal"`
	ToolCalls        []chatCall `json:"tool_calls,omitempty"`
}

type chatUsage struct {
	PromptTokens     int64 `json:"prompt_tokens"`
	CompletionTokens int64 `json:"completion_tokens"`
	TotalTokens      int64 `json:"total_tokens"`
	PromptDetails    struct {
		CachedTokens int64 `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails struct {
		ReasoningTokens int64 `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
}

type chatChunk struct {
	ID                string            `json:"id"`
	Object            string            `json:"object"`
	Created           int64             `json:"created"`
	Model             string            `json:"model"`
	SystemFingerprint string            `json:"system_fingerprint"`
	Choices           []chatChunkChoice `json:"choices"`
	Usage             json.RawMessage   `json:"usage,omitempty"`
}

type chatChunkChoice struct {
	Index        int       `json:"index"`
	Delta        chatDelta `json:"delta"`
	FinishReason *string   `json:"finish_reason"`
}

type chatDelta struct {
	Role             string          `json:"role,omitempty"`
	Content          *string         `json:"content,omitempty"`
	ReasoningContent string          `json:"reasoning_content,omitempty"`
	ToolCalls        []chatDeltaCall `json:"tool_calls,omitempty"`
}

type chatDeltaCall struct {
	Index    int    `json:"index"`
	ID       string `json:"id,omitempty"`
	Type     string `json:"type,omitempty"`
	Function struct {
		Name      string `json:"name,omitempty"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

func chatFinish(f finish) string {
	switch f {
	case finishLength:
		return "length"
	case finishCalls:
		return "tool_calls"
	}
	return "stop"
}

// chatUsageOf joins the disjoint numbers: OpenAI's prompt and completion tokens include cached ones and reasoning.
func chatUsageOf(u usage) chatUsage {
	var c chatUsage
	c.PromptTokens = u.input + u.cacheRead + u.cacheWrite5m + u.cacheWrite1h
	c.CompletionTokens = u.output
	c.TotalTokens = c.PromptTokens + c.CompletionTokens
	c.PromptDetails.CachedTokens = u.cacheRead
	c.CompletionDetails.ReasoningTokens = u.reasoning
	return c
}

func (chat) whole(h head, a *ask, ans *answer) []byte {
	message := chatAnswered{Role: "assistant"}
	for _, p := range ans.parts {
		switch p.kind {
		case partText:
			message.Content = &p.text
		case partReasoning:
			message.ReasoningContent += p.text
		case partCall:
			message.ToolCalls = append(message.ToolCalls, chatCall{p.id, "function", chatFunction{p.name, p.text}})
		}
	}
	return encode(chatAnswer{
		ID: h.id, Object: "chat.completion", Created: h.created.Unix(), Model: a.model,
		Choices: []chatChoice{{Message: message, FinishReason: chatFinish(ans.finish)}},
		Usage:   chatUsageOf(h.usage), SystemFingerprint: fingerprint,
	})
}

// chatStreamer writes chunks. The usage stands on the chunk that finishes, as the hosted gateway has it, or, where
// stream_options.include_usage asks for it, on one more chunk without choices, as OpenAI has it.
type chatStreamer struct {
	out   emit
	head  head
	ask   *ask
	ans   *answer
	calls int
}

func (chat) stream(out emit, h head, a *ask, ans *answer) streamer {
	return &chatStreamer{out: out, head: h, ask: a, ans: ans}
}

func (s *chatStreamer) chunk(choices []chatChunkChoice, usage json.RawMessage) error {
	if usage == nil && s.ask.includeUsage {
		usage = json.RawMessage("null")
	}
	return s.out("", chatChunk{
		ID: s.head.id, Object: "chat.completion.chunk", Created: s.head.created.Unix(), Model: s.ask.model,
		SystemFingerprint: fingerprint, Choices: choices, Usage: usage,
	})
}

func (s *chatStreamer) delta(d chatDelta) error { return s.chunk([]chatChunkChoice{{Delta: d}}, nil) }

func (s *chatStreamer) begin() error {
	empty := ""
	return s.delta(chatDelta{Role: "assistant", Content: &empty})
}

func (s *chatStreamer) partStart(_ int, p part) error {
	if p.kind != partCall {
		return nil
	}
	call := chatDeltaCall{Index: s.calls, ID: p.id, Type: "function"}
	call.Function.Name = p.name
	s.calls++
	return s.delta(chatDelta{ToolCalls: []chatDeltaCall{call}})
}

func (s *chatStreamer) piece(_ int, p part, text string) error {
	switch p.kind {
	case partReasoning:
		return s.delta(chatDelta{ReasoningContent: text})
	case partCall:
		call := chatDeltaCall{Index: s.calls - 1}
		call.Function.Arguments = text
		return s.delta(chatDelta{ToolCalls: []chatDeltaCall{call}})
	}
	return s.delta(chatDelta{Content: &text})
}

func (s *chatStreamer) partEnd(int, part) error { return nil }

func (s *chatStreamer) finish() error {
	reason, usage := chatFinish(s.ans.finish), encode(chatUsageOf(s.head.usage))
	last := []chatChunkChoice{{FinishReason: &reason}}
	var err error
	if s.ask.includeUsage {
		if err = s.chunk(last, nil); err == nil {
			err = s.chunk([]chatChunkChoice{}, usage)
		}
	} else {
		err = s.chunk(last, usage)
	}
	if err != nil {
		return err
	}
	return s.out("", []byte("[DONE]"))
}

func (s *chatStreamer) fail(ref *refusal) error { return s.out("", chatErrorBody(ref)) }
