package sim

import "encoding/json"

type messagesAnswer struct {
	ID           string         `json:"id"`
	Type         string         `json:"type"`
	Role         string         `json:"role"`
	Model        string         `json:"model"`
	Content      []any          `json:"content"`
	StopReason   *string        `json:"stop_reason"`
	StopSequence *string        `json:"stop_sequence"`
	Usage        *messagesUsage `json:"usage"`
}

type textBlock struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type thinkingBlock struct {
	Type      string `json:"type"`
	Thinking  string `json:"thinking"`
	Signature string `json:"signature"`
}

type toolUseBlock struct {
	Type  string          `json:"type"`
	ID    string          `json:"id"`
	Name  string          `json:"name"`
	Input json.RawMessage `json:"input"`
}

type messagesUsage struct {
	InputTokens   int64 `json:"input_tokens"`
	CacheCreation int64 `json:"cache_creation_input_tokens"`
	CacheRead     int64 `json:"cache_read_input_tokens"`
	ByTTL         struct {
		FiveMinutes int64 `json:"ephemeral_5m_input_tokens"`
		OneHour     int64 `json:"ephemeral_1h_input_tokens"`
	} `json:"cache_creation"`
	OutputTokens  int64 `json:"output_tokens"`
	OutputDetails struct {
		ThinkingTokens int64 `json:"thinking_tokens"`
	} `json:"output_tokens_details"`
	ServiceTier string `json:"service_tier"`
}

func messagesUsageOf(u usage) *messagesUsage {
	m := &messagesUsage{
		InputTokens: u.input, CacheCreation: u.cacheWrite5m + u.cacheWrite1h, CacheRead: u.cacheRead,
		OutputTokens: u.output, ServiceTier: "standard",
	}
	m.ByTTL.FiveMinutes, m.ByTTL.OneHour = u.cacheWrite5m, u.cacheWrite1h
	m.OutputDetails.ThinkingTokens = u.reasoning
	return m
}

// stopReason gives stop_reason and stop_sequence.
func stopReason(ans *answer) (reason, sequence *string) {
	word := "end_turn"
	switch ans.finish {
	case finishLength:
		word = "max_tokens"
	case finishCalls:
		word = "tool_use"
	case finishStopSequence:
		return new("stop_sequence"), &ans.stopSequence
	}
	return &word, nil
}

func (messages) whole(h head, a *ask, ans *answer) []byte {
	m := messagesAnswer{
		ID: h.id, Type: "message", Role: "assistant", Model: a.model, Content: []any{}, Usage: messagesUsageOf(h.usage),
	}
	m.StopReason, m.StopSequence = stopReason(ans)
	for _, p := range ans.parts {
		switch p.kind {
		case partText:
			m.Content = append(m.Content, textBlock{"text", p.text})
		case partReasoning:
			m.Content = append(m.Content, thinkingBlock{"thinking", p.text, signature(p.text)})
		case partCall:
			m.Content = append(m.Content, toolUseBlock{"tool_use", p.id, p.name, json.RawMessage(p.text)})
		}
	}
	return encode(m)
}

type messagesStreamer struct {
	out  emit
	head head
	ask  *ask
	ans  *answer
}

func (messages) stream(out emit, h head, a *ask, ans *answer) streamer {
	return &messagesStreamer{out, h, a, ans}
}

type messageStartEvent struct {
	Type    string         `json:"type"`
	Message messagesAnswer `json:"message"`
}

type blockEvent struct {
	Type  string `json:"type"`
	Index int    `json:"index"`
	Block any    `json:"content_block,omitempty"`
	Delta any    `json:"delta,omitempty"`
}

type textDelta struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type thinkingDelta struct {
	Type     string `json:"type"`
	Thinking string `json:"thinking"`
}

type signatureDelta struct {
	Type      string `json:"type"`
	Signature string `json:"signature"`
}

type inputDelta struct {
	Type        string `json:"type"`
	PartialJSON string `json:"partial_json"`
}

type messageDeltaEvent struct {
	Type  string `json:"type"`
	Delta struct {
		StopReason   *string `json:"stop_reason"`
		StopSequence *string `json:"stop_sequence"`
	} `json:"delta"`
	Usage *messagesUsage `json:"usage"`
}

type bareEvent struct {
	Type string `json:"type"`
}

func (s *messagesStreamer) begin() error {
	u := s.head.usage
	u.output, u.reasoning = 1, 0 // what Anthropic reports before there is any output
	err := s.out("message_start", messageStartEvent{"message_start", messagesAnswer{
		ID: s.head.id, Type: "message", Role: "assistant", Model: s.ask.model, Content: []any{}, Usage: messagesUsageOf(u),
	}})
	if err != nil {
		return err
	}
	return s.out("ping", bareEvent{"ping"})
}

func (s *messagesStreamer) partStart(i int, p part) error {
	e := blockEvent{Type: "content_block_start", Index: i}
	switch p.kind {
	case partText:
		e.Block = textBlock{"text", ""}
	case partReasoning:
		e.Block = thinkingBlock{"thinking", "", ""}
	case partCall:
		e.Block = toolUseBlock{"tool_use", p.id, p.name, json.RawMessage("{}")}
	}
	if err := s.out(e.Type, e); err != nil || p.kind != partCall {
		return err
	}
	return s.delta(i, inputDelta{"input_json_delta", ""})
}

func (s *messagesStreamer) delta(i int, d any) error {
	return s.out("content_block_delta", blockEvent{Type: "content_block_delta", Index: i, Delta: d})
}

func (s *messagesStreamer) piece(i int, p part, text string) error {
	switch p.kind {
	case partReasoning:
		return s.delta(i, thinkingDelta{"thinking_delta", text})
	case partCall:
		return s.delta(i, inputDelta{"input_json_delta", text})
	}
	return s.delta(i, textDelta{"text_delta", text})
}

func (s *messagesStreamer) partEnd(i int, p part) error {
	if p.kind == partReasoning {
		if err := s.delta(i, signatureDelta{"signature_delta", signature(p.text)}); err != nil {
			return err
		}
	}
	return s.out("content_block_stop", blockEvent{Type: "content_block_stop", Index: i})
}

func (s *messagesStreamer) finish() error {
	e := messageDeltaEvent{Type: "message_delta", Usage: messagesUsageOf(s.head.usage)}
	e.Delta.StopReason, e.Delta.StopSequence = stopReason(s.ans)
	if err := s.out(e.Type, e); err != nil {
		return err
	}
	return s.out("message_stop", bareEvent{"message_stop"})
}

func (s *messagesStreamer) fail(ref *refusal) error {
	return s.out("error", messagesErrorBody(ref, ""))
}
