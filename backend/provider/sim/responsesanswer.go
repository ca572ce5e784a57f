package sim

import (
	"encoding/json"
	"strconv"
	"strings"
)

type responsesAnswer struct {
	ID                string          `json:"id"`
	Object            string          `json:"object"`
	CreatedAt         int64           `json:"created_at"`
	Status            string          `json:"status"`
	Background        bool            `json:"background"`
	Error             any             `json:"error"`
	IncompleteDetails any             `json:"incomplete_details"`
	Instructions      any             `json:"instructions"`
	Metadata          struct{}        `json:"metadata"`
	Model             string          `json:"model"`
	Output            []outputItem    `json:"output"`
	ParallelToolCalls bool            `json:"parallel_tool_calls"`
	Store             bool            `json:"store"`
	ToolChoice        string          `json:"tool_choice"`
	Tools             []string        `json:"tools"`
	Usage             *responsesUsage `json:"usage"`
}

type responsesUsage struct {
	InputTokens  int64 `json:"input_tokens"`
	InputDetails struct {
		CachedTokens int64 `json:"cached_tokens"`
	} `json:"input_tokens_details"`
	OutputTokens  int64 `json:"output_tokens"`
	OutputDetails struct {
		ReasoningTokens int64 `json:"reasoning_tokens"`
	} `json:"output_tokens_details"`
	TotalTokens int64 `json:"total_tokens"`
}

// outputItem is a message, reasoning, function_call or custom_tool_call; the members of the others stay nil.
type outputItem struct {
	ID        string           `json:"id"`
	Type      string           `json:"type"`
	Status    string           `json:"status,omitempty"`
	Role      string           `json:"role,omitempty"`
	Content   *[]outputText    `json:"content,omitempty"`
	Summary   *[]outputSummary `json:"summary,omitempty"`
	Encrypted string           `json:"encrypted_content,omitempty"`
	Arguments *string          `json:"arguments,omitempty"`
	Input     *string          `json:"input,omitempty"`
	CallID    string           `json:"call_id,omitempty"`
	Name      string           `json:"name,omitempty"`
}

type outputText struct {
	Type        string   `json:"type"`
	Annotations []string `json:"annotations"`
	Logprobs    []string `json:"logprobs"`
	Text        string   `json:"text"`
}

type outputSummary struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func newOutputText(text string) outputText {
	return outputText{"output_text", []string{}, []string{}, text}
}

// itemOf is a part as an output item: as it begins, without its text, or whole.
func itemOf(h head, a *ask, i int, p part, whole bool) outputItem {
	id := strings.TrimPrefix(h.id, "resp_") + strconv.Itoa(i)
	text, status := "", "in_progress"
	if whole {
		text, status = p.text, "completed"
	}
	switch {
	case p.kind == partReasoning:
		out := outputItem{ID: "rs_" + id, Type: "reasoning", Summary: &[]outputSummary{}}
		if whole && a.summary {
			*out.Summary = append(*out.Summary, outputSummary{"summary_text", text})
		}
		if a.encrypted {
			out.Encrypted = encrypt(text)
		}
		return out
	case p.kind == partText:
		out := outputItem{ID: "msg_" + id, Type: "message", Status: status, Role: "assistant", Content: &[]outputText{}}
		if whole {
			*out.Content = append(*out.Content, newOutputText(text))
		}
		return out
	case p.freeform:
		return outputItem{ID: "ctc_" + id, Type: "custom_tool_call", Status: status, Input: &text, CallID: p.id, Name: p.name}
	}
	return outputItem{ID: "fc_" + id, Type: "function_call", Status: status, Arguments: &text, CallID: p.id, Name: p.name}
}

// answerOf is the response object; without an answer it is the one that a stream begins with.
func answerOf(h head, a *ask, ans *answer) responsesAnswer {
	out := responsesAnswer{
		ID: h.id, Object: "response", CreatedAt: h.created.Unix(), Status: "in_progress", Model: a.model, Output: []outputItem{},
		ParallelToolCalls: a.parallel, ToolChoice: "auto", Tools: []string{},
	}
	if ans == nil {
		return out
	}
	out.Status = "completed"
	if ans.finish == finishLength {
		out.Status, out.IncompleteDetails = "incomplete", map[string]string{"reason": "max_output_tokens"}
	}
	for i, p := range ans.parts {
		out.Output = append(out.Output, itemOf(h, a, i, p, true))
	}
	u := &responsesUsage{InputTokens: h.usage.input, OutputTokens: h.usage.output, TotalTokens: h.usage.input + h.usage.output}
	u.OutputDetails.ReasoningTokens = h.usage.reasoning
	out.Usage = u
	return out
}

func (responses) whole(h head, a *ask, ans *answer) []byte { return encode(answerOf(h, a, ans)) }

// responsesStreamer writes events in the order that OpenAI's own client insists on.
type responsesStreamer struct {
	out  emit
	head head
	ask  *ask
	ans  *answer
	next int
}

func (responses) stream(out emit, h head, a *ask, ans *answer) streamer {
	return &responsesStreamer{out: out, head: h, ask: a, ans: ans}
}

// responsesEvent has the members of all events; those that an event has not stay nil.
type responsesEvent struct {
	Type         string           `json:"type"`
	Sequence     int              `json:"sequence_number"`
	Response     *responsesAnswer `json:"response,omitempty"`
	OutputIndex  *int             `json:"output_index,omitempty"`
	Item         *outputItem      `json:"item,omitempty"`
	ItemID       string           `json:"item_id,omitempty"`
	ContentIndex *int             `json:"content_index,omitempty"`
	SummaryIndex *int             `json:"summary_index,omitempty"`
	Part         any              `json:"part,omitempty"`
	Delta        *string          `json:"delta,omitempty"`
	Text         *string          `json:"text,omitempty"`
	Arguments    *string          `json:"arguments,omitempty"`
	Input        *string          `json:"input,omitempty"`
	Logprobs     *[]string        `json:"logprobs,omitempty"`
}

func (s *responsesStreamer) send(e responsesEvent) error {
	e.Sequence = s.next
	s.next++
	return s.out(e.Type, e)
}

func (s *responsesStreamer) begin() error {
	first := answerOf(s.head, s.ask, nil)
	if err := s.send(responsesEvent{Type: "response.created", Response: &first}); err != nil {
		return err
	}
	return s.send(responsesEvent{Type: "response.in_progress", Response: &first})
}

// inside is an event of what an item holds: its text's or its summary's.
func (s *responsesStreamer) inside(kind string, i int, p part) responsesEvent {
	e := responsesEvent{Type: kind, OutputIndex: &i, ItemID: itemOf(s.head, s.ask, i, p, false).ID}
	switch p.kind {
	case partText:
		e.ContentIndex = new(int)
	case partReasoning:
		e.SummaryIndex = new(int)
	}
	return e
}

func (s *responsesStreamer) partStart(i int, p part) error {
	item := itemOf(s.head, s.ask, i, p, false)
	err := s.send(responsesEvent{Type: "response.output_item.added", OutputIndex: &i, Item: &item})
	if err != nil {
		return err
	}
	switch {
	case p.kind == partText:
		e := s.inside("response.content_part.added", i, p)
		e.Part = newOutputText("")
		return s.send(e)
	case p.kind == partReasoning && s.ask.summary:
		e := s.inside("response.reasoning_summary_part.added", i, p)
		e.Part = outputSummary{"summary_text", ""}
		return s.send(e)
	}
	return nil
}

func (s *responsesStreamer) piece(i int, p part, text string) error {
	var e responsesEvent
	switch {
	case p.kind == partText:
		e = s.inside("response.output_text.delta", i, p)
		e.Logprobs = &[]string{}
	case p.kind == partReasoning && !s.ask.summary:
		return nil
	case p.kind == partReasoning:
		e = s.inside("response.reasoning_summary_text.delta", i, p)
	case p.freeform:
		e = s.inside("response.custom_tool_call_input.delta", i, p)
	default:
		e = s.inside("response.function_call_arguments.delta", i, p)
	}
	e.Delta = &text
	return s.send(e)
}

func (s *responsesStreamer) partEnd(i int, p part) error {
	var e, behind responsesEvent
	switch {
	case p.kind == partText:
		e = s.inside("response.output_text.done", i, p)
		e.Text, e.Logprobs = &p.text, &[]string{}
		behind = s.inside("response.content_part.done", i, p)
		behind.Part = newOutputText(p.text)
	case p.kind == partReasoning && s.ask.summary:
		e = s.inside("response.reasoning_summary_text.done", i, p)
		e.Text = &p.text
		behind = s.inside("response.reasoning_summary_part.done", i, p)
		behind.Part = outputSummary{"summary_text", p.text}
	case p.kind == partReasoning:
	case p.freeform:
		e = s.inside("response.custom_tool_call_input.done", i, p)
		e.Input = &p.text
	default:
		e = s.inside("response.function_call_arguments.done", i, p)
		e.Arguments = &p.text
	}
	for _, e := range []responsesEvent{e, behind} {
		if e.Type == "" {
			continue
		}
		if err := s.send(e); err != nil {
			return err
		}
	}
	item := itemOf(s.head, s.ask, i, p, true)
	return s.send(responsesEvent{Type: "response.output_item.done", OutputIndex: &i, Item: &item})
}

func (s *responsesStreamer) finish() error {
	last := answerOf(s.head, s.ask, s.ans)
	return s.send(responsesEvent{Type: "response." + last.Status, Response: &last})
}

func (s *responsesStreamer) fail(ref *refusal) error {
	last := answerOf(s.head, s.ask, nil)
	last.Status = "failed"
	last.Error = json.RawMessage(encode(map[string]string{"code": "server_error", "message": ref.message}))
	return s.send(responsesEvent{Type: "response.failed", Response: &last})
}
