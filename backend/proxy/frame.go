package proxy

import (
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/responses"
)

// longestLane bounds a stream_id, in bytes (OpenAI guide, "WebSocket mode").
const longestLane = 256

// frame is what a client sends over a WebSocket.
type frame struct {
	kind string
	// lane is the stream_id, empty for the default lane.
	lane string
	// body is the request as POST /v1/responses takes it, streaming; empty for other kinds.
	body []byte
	// warmup asks for no answer, only for an id to go on from.
	warmup bool
	// steer is the whole of a response.steer.
	steer jsonread.Value
}

// readFrame reads a client's event (OpenAI API reference, "Responses", client events). The request's members keep their
// bytes. Its lane is right even where there is an error, as far as it is known.
func readFrame(data []byte) (frame, *llm.Error) {
	f := frame{}
	body, background := []byte{'{'}, false
	var failed *llm.Error
	err := jsonedit.Members(data, func(key []byte, value jsonedit.Span) error {
		name, raw := string(key), value.Of(data)
		if strings.Contains(name, `\`) {
			if json.Unmarshal([]byte(`"`+name+`"`), &name) != nil {
				return &jsonedit.SyntaxError{Offset: value.Start, Message: "a name that is no text"}
			}
		}
		switch name {
		case "type":
			f.kind = jsonread.Of(raw).String()
		case "stream_id":
			f.lane, failed = laneOf(jsonread.Of(raw))
		case "generate":
			f.warmup = string(raw) == "false"
		case "background":
			background = string(raw) == "true"
		case "stream":
		default:
			if len(body) > 1 {
				body = append(body, ',')
			}
			body = append(append(append(append(body, '"'), key...), `":`...), raw...)
		}
		return nil
	})
	switch {
	case err != nil:
		return f, llm.Errorf(llm.ErrBadRequest, "the message is not a JSON object: %w", err).WithCode("invalid_json")
	case failed != nil:
		return f, failed
	case f.kind == "response.steer":
		f.steer = jsonread.Of(data)
		return f, nil
	case f.kind != "response.create":
		return f, llm.Errorf(llm.ErrBadRequest, "messages of type %q are not known; send response.create", f.kind).
			WithCode("unknown_event_type").WithParam("type")
	case background:
		return f, llm.Errorf(llm.ErrBadRequest, "an answer in the background is asked for with POST /v1/responses").
			WithCode("unsupported_parameter").WithParam("background")
	}
	if len(body) > 1 {
		body = append(body, ',')
	}
	f.body = append(body, `"stream":true}`...)
	return f, nil
}

func laneOf(v jsonread.Value) (string, *llm.Error) {
	if v.Type() == jsonread.Null {
		return "", nil
	}
	lane := v.Str()
	ok := lane != "" && len(lane) <= longestLane
	for _, c := range lane {
		ok = ok && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.')
	}
	if !ok {
		return "", llm.Errorf(llm.ErrBadRequest, "stream_id must be 1 to %d letters, digits, underscores, hyphens and periods",
			longestLane).WithCode("invalid_stream_id").WithParam("stream_id")
	}
	return lane, nil
}

// inLane puts an event into its lane.
func inLane(event []byte, lane string) []byte {
	if lane == "" || len(event) == 0 || event[len(event)-1] != '}' {
		return event
	}
	out := append(event[:len(event)-1:len(event)-1], `,"stream_id":`...)
	return append(append(out, jsonedit.String(lane)...), '}')
}

// errorFrame is an error as the WebSocket mode writes it (OpenAI guide, "WebSocket mode").
func errorFrame(e *llm.Error) []byte {
	status, body := responses.EncodeError(e)
	text, err := json.Marshal(struct {
		Type   string          `json:"type"`
		Status int             `json:"status"`
		Error  json.RawMessage `json:"error"`
	}{"error", status, json.RawMessage(jsonread.Of(body).Get("error").Raw())})
	if err != nil { // it was written here
		return []byte(`{"type":"error","status":500,"error":{"type":"server_error","code":null,"message":"internal error","param":null}}`)
	}
	return text
}

// steered refuses a response.steer: what it asks for, to change an answer while it is written, no other dialect has.
func steered(v jsonread.Value) []byte {
	input := v.Get("input").Raw()
	if input == "" {
		input = "null"
	}
	b := []byte(`{"type":"response.steer.failed","sequence_number":0,"error":{"type":"invalid_request_error",` +
		`"code":"steering_not_supported","message":"Answers can't be steered here; send the input with the next response.create."},` +
		`"steer":{"previous_response_id":`)
	b = append(b, jsonedit.String(v.Get("previous_response_id").String())...)
	return append(append(append(b, `,"input":`...), input...), `}}`...)
}
