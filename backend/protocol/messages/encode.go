package messages

import (
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonwrite"
)

// Options are what EncodeRequest must know of the server.
type Options struct {
	// Target is who gets the request; reasoning goes back to its origin only. Its model decides on Quirks.
	Target llm.Origin
	// MaxTokens is the model's limit of output tokens, which is also what the request asks for where it says nothing,
	// since the dialect demands a number. 0 means what Quirks know, else DefaultMaxTokens.
	MaxTokens int64
	// Untagged sends back signatures that came without a tag of ours: they are the target's own, because the client has
	// had them from it directly.
	Untagged bool
	// AutoCache lets the server mark the prompt where the request has no marks.
	AutoCache bool
}

// DefaultMaxTokens is what models since Claude 4 allow at least.
const DefaultMaxTokens = 32_000

// EncodeRequest writes a request (API reference, "Create a Message"). The same request always gives the same bytes.
//
// The system messages at the start become the top-level system; a later one keeps its place as a marked text of the
// user's, because moving it up would change its meaning. Neighbours of one role become one turn, in which tool results
// come first. What the dialect or the model can't carry but may do without comes back as notices; what would change the
// answer is an error of class bad request. Ladder tells what becomes of each field. The answer to what is sent here goes
// through fit.Restore.
func EncodeRequest(req *llm.Request, opts Options) (body []byte, notices []llm.Notice, err error) {
	model := opts.Target.Model
	if model == "" {
		model = req.Model
	}
	e := &encoder{opts: opts, quirks: QuirksOf(model), names: fit.NewNames(req)}
	if opts.Target == (llm.Origin{}) {
		e.opts.Untagged = false // nobody to whom they belong
	}
	out := request{Model: req.Model, Stream: req.Stream}
	if err := e.tools(req, &out); err != nil {
		return nil, nil, err
	}
	if err := e.conversation(req); err != nil {
		return nil, nil, err
	}
	if err := e.format(req.Format, &out); err != nil {
		return nil, nil, err
	}
	e.thinking(req, &out)
	if err := e.settings(req, &out); err != nil {
		return nil, nil, err
	}
	out.System, out.Messages = e.system, e.turns
	e.marks(&out)
	extra, err := e.extra(req.Extra, &out)
	if err != nil {
		return nil, nil, err
	}
	if body, err = marshal(out, fit.Size(req)); err != nil {
		return nil, nil, err
	}
	if len(extra) > 0 {
		body = append(append(body[:len(body)-1], extra...), '}')
	}
	return body, e.notices, nil
}

// marshal writes JSON without HTML escapes, as the official SDKs do. size is about how much it will be, in bytes.
func marshal(v any, size int) ([]byte, error) {
	b, err := jsonwrite.Marshal(v, size)
	if err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request holds JSON that is not valid: %w", err)
	}
	return b, nil
}

type encoder struct {
	opts    Options
	quirks  Quirks
	names   *fit.Names
	system  []any
	turns   []turn
	notices []llm.Notice
	// media stood in the assistant's turns, where the dialect has no place for it: the user's next turn has it.
	media []any
}

func (e *encoder) notice(field, text string) {
	for _, n := range e.notices {
		if n.Field == field && n.Message == text {
			return
		}
	}
	e.notices = append(e.notices, llm.Notice{Field: field, Message: text})
}

func (e *encoder) leftOut(field string) {
	e.notice(field, llm.Messages.String()+" does not know it, so it was left out")
}

// callID brings an id into the form ^[a-zA-Z0-9_-]+$.
func callID(id string) string {
	if id == "" {
		return ""
	}
	return fit.Plain(id, fit.MaxName)
}

func (e *encoder) conversation(req *llm.Request) error {
	repaired, notices := fit.Repair(req.Messages, callID)
	e.notices = append(e.notices, notices...)
	for _, m := range repaired {
		if err := e.message(m); err != nil {
			return err
		}
	}
	return e.settle()
}

func (e *encoder) message(m llm.Message) error {
	switch m.Role {
	case llm.RoleSystem:
		return e.systemMessage(m)
	case llm.RoleUser, llm.RoleTool, llm.RoleAssistant:
	default:
		return llm.Errorf(llm.ErrBadRequest, "a message has the unknown role %q", m.Role)
	}
	var blocks []any
	for _, p := range m.Parts {
		var b any
		var err error
		if m.Role == llm.RoleAssistant {
			b, err = e.assistantBlock(p)
		} else {
			b, err = e.userBlock(p)
		}
		if err != nil {
			return err
		}
		if b != nil {
			blocks = append(blocks, b)
		}
	}
	e.add(m.Role, blocks)
	return nil
}

func (e *encoder) systemMessage(m llm.Message) error {
	for _, p := range m.Parts {
		t, ok := p.(llm.Text)
		switch {
		case !ok:
			return llm.Errorf(llm.ErrBadRequest, "a system message can only hold text for %s", llm.Messages)
		case blank(t.Text):
		case len(e.turns) == 0:
			e.system = append(e.system, &textBlock{Type: "text", Text: t.Text, CacheControl: mark(t.Cache)})
		default:
			text := "<system>\n" + t.Text + "\n</system>"
			e.add(llm.RoleUser, []any{&textBlock{Type: "text", Text: text, CacheControl: mark(t.Cache)}})
		}
	}
	return nil
}

// add appends to the last turn, if it is of the same role, or makes one.
func (e *encoder) add(role llm.Role, blocks []any) {
	if len(blocks) == 0 {
		return // an empty turn is refused
	}
	if role == llm.RoleTool {
		role = llm.RoleUser
	}
	if role == llm.RoleUser && len(e.media) > 0 {
		blocks = append(blocks, e.media...)
		e.media = nil
	}
	if n := len(e.turns); n > 0 && e.turns[n-1].Role == string(role) {
		e.turns[n-1].Content = append(e.turns[n-1].Content, blocks...)
		return
	}
	e.turns = append(e.turns, turn{string(role), blocks})
}

func say(text string) *textBlock { return &textBlock{Type: "text", Text: text} }

// settle brings the turns into the form that the API demands.
func (e *encoder) settle() error {
	if len(e.media) > 0 {
		e.add(llm.RoleUser, []any{say("(The picture that you made.)")})
	}
	if len(e.turns) == 0 {
		return llm.Errorf(llm.ErrBadRequest, "the conversation has no message besides the system's; send at least one")
	}
	if e.turns[0].Role != string(llm.RoleUser) {
		e.notice("messages", "the conversation starts with the assistant, so a user's turn was put before it")
		first := turn{string(llm.RoleUser), []any{say("(The conversation starts with your answer.)")}}
		e.turns = append([]turn{first}, e.turns...)
	}
	for i, t := range e.turns {
		if t.Role == string(llm.RoleUser) {
			e.turns[i].Content = resultsFirst(t.Content)
		}
	}
	last := &e.turns[len(e.turns)-1]
	if last.Role != string(llm.RoleAssistant) {
		return nil
	}
	if e.quirks.NoPrefill {
		e.notice("messages", "the model refuses to go on from an answer of its own, so the user asks it to go on")
		e.turns = append(e.turns, turn{string(llm.RoleUser), []any{say("(Go on from where you stopped.)")}})
		return nil
	}
	// A last text of the assistant's that ends in white space is refused.
	if t, ok := last.Content[len(last.Content)-1].(*textBlock); ok {
		t.Text = strings.TrimRight(t.Text, " \t\r\n")
	}
	return nil
}

func resultsFirst(blocks []any) []any {
	out := make([]any, 0, len(blocks))
	for _, results := range []bool{true, false} {
		for _, b := range blocks {
			if _, ok := b.(*toolResultBlock); ok == results {
				out = append(out, b)
			}
		}
	}
	return out
}

// blank texts are refused.
func blank(text string) bool { return strings.TrimSpace(text) == "" }
