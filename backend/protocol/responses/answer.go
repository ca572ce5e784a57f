package responses

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"gatehouse/backend/llm"
)

// AnswerOptions are what an answer to a client must know of its request.
type AnswerOptions struct {
	// Head is the request's; nil is a request that said nothing.
	Head *Head
	// Origin is who answers. What only it can read (signatures, encrypted reasoning) goes out tagged with it.
	Origin llm.Origin
	// ID is the answer's id, "resp_...", the same in every event and where answers are kept; empty makes a random one.
	ID string
	// Model is the name that the client used; empty takes what the answer says.
	Model string
	// Account gives a JSON object of how the answer came about, for provider_metadata.gateway of the whole response (hosted
	// gateway, "Responses"). It may be nil.
	Account func(llm.Usage) []byte
	// Now gives the times of creation and completion; nil is time.Now.
	Now func() time.Time
}

func (o AnswerOptions) now() int64 {
	if o.Now == nil {
		return time.Now().Unix()
	}
	return o.Now().Unix()
}

// NewID makes a response id.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return "resp_" + hex.EncodeToString(b[:])
}

// echo is what a response repeats of its request, with what stands there where the client did not say.
var echo = []struct{ name, none string }{
	{"background", "false"},
	{"conversation", ""},
	{"include", ""},
	{"instructions", "null"},
	{"max_output_tokens", "null"},
	{"max_tool_calls", "null"},
	{"metadata", "{}"},
	{"parallel_tool_calls", "true"},
	{"previous_response_id", "null"},
	{"prompt_cache_key", ""},
	{"reasoning", `{"effort":null,"summary":null}`},
	{"safety_identifier", ""},
	{"service_tier", ""},
	{"store", "true"},
	{"temperature", "null"},
	{"text", `{"format":{"type":"text"}}`},
	{"tool_choice", `"auto"`},
	{"tools", "[]"},
	{"top_logprobs", ""},
	{"top_p", "null"},
	{"truncation", `"disabled"`},
	{"user", ""},
}

var echoed = func() map[string]bool {
	names := map[string]bool{}
	for _, e := range echo {
		names[e.name] = true
	}
	return names
}()

// state is how far a response is.
type state struct {
	status     string // in_progress, completed, incomplete, failed
	incomplete string // the reason
	err        *llm.Error
	usage      *llm.Usage
	completed  int64 // 0 while it is not
}

// appendResponse appends the response object.
func (e *Encoder) appendResponse(b []byte, s state) []byte {
	b = append(b, `{"id":`...)
	b = appendString(b, e.id)
	b = append(b, `,"object":"response","created_at":`...)
	b = strconv.AppendInt(b, e.created, 10)
	b = append(b, `,"completed_at":`...)
	if s.completed == 0 {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, s.completed, 10)
	}
	b = append(append(append(b, `,"status":"`...), s.status...), `","error":`...)
	b = appendError(b, s.err)
	b = append(b, `,"incomplete_details":`...)
	if s.incomplete == "" {
		b = append(b, "null"...)
	} else {
		b = append(appendString(append(b, `{"reason":`...), s.incomplete), '}')
	}
	b = append(b, `,"model":`...)
	b = appendString(b, e.model)
	b = append(b, `,"output":[`...)
	for i, it := range e.items {
		if i > 0 {
			b = append(b, ',')
		}
		if it.final != nil {
			b = append(b, it.final...)
		} else {
			b = it.append(b, "in_progress")
		}
	}
	b = append(b, "],"...)
	b = append(b, e.echo...)
	b = append(b, `"usage":`...)
	if s.usage == nil || !s.usage.Known() {
		b = append(b, "null"...)
	} else {
		b = appendUsage(b, *s.usage)
	}
	if s.status != "in_progress" && s.err == nil && e.opts.Account != nil {
		u := llm.Usage{}
		if s.usage != nil {
			u = *s.usage
		}
		b = append(append(b, `,"provider_metadata":{"gateway":`...), e.opts.Account(u)...)
		b = append(b, '}')
	}
	return append(b, '}')
}

// echoOf gives the echoed members, a comma behind each.
func echoOf(h *Head) []byte {
	var b []byte
	for _, member := range echo {
		value := json.RawMessage(member.none)
		if h != nil && h.echo[member.name] != nil {
			value = h.echo[member.name]
		}
		if len(value) > 0 {
			b = append(append(append(append(b, '"'), member.name...), `":`...), value...)
			b = append(b, ',')
		}
	}
	return b
}

// appendError appends a response's error, null if there is none.
func appendError(b []byte, err *llm.Error) []byte {
	if err == nil {
		return append(b, "null"...)
	}
	b = appendString(append(b, `{"code":`...), failureCode(err))
	return append(appendString(append(b, `,"message":`...), err.Message), '}')
}

// seed is the part of the response's id from which the ids of its items are made.
func seed(id string) string {
	return strings.TrimPrefix(id, "resp_")
}
