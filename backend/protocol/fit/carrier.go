package fit

import (
	"bytes"
	"encoding/binary"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
)

// kindText is reasoning that is neither signed nor opaque: what is carried is only who wrote it. kindBoth is a signature
// and an opaque together.
const (
	kindText = "text"
	kindBoth = "both"
)

// PackReasoning gives the carrier of what a client must send back with a reasoning's text, and of whose it is. Origin
// fills in where the reasoning does not name its own.
func PackReasoning(r llm.Reasoning, origin llm.Origin) string {
	if r.Origin != (llm.Origin{}) {
		origin = r.Origin
	}
	switch {
	case r.Signature != "" && len(r.Opaque) > 0:
		payload := binary.AppendUvarint(nil, uint64(len(r.Signature)))
		return carry.Pack(origin, kindBoth, append(append(payload, r.Signature...), r.Opaque...))
	case r.Signature != "":
		return carry.Pack(origin, carry.Signature, []byte(r.Signature))
	case len(r.Opaque) > 0:
		return carry.Pack(origin, carry.Opaque, r.Opaque)
	}
	return carry.Pack(origin, kindText, []byte{'-'})
}

// UnpackReasoning reads what a client sent back as a signature: a carrier, or, untagged, the signature that its own
// provider gave it, which stays as it is with no origin. A damaged carrier gives nothing.
func UnpackReasoning(s string) llm.Reasoning {
	if !carry.Tagged(s) {
		return llm.Reasoning{Signature: s}
	}
	origin, kind, payload, ok := carry.Unpack(s)
	out := llm.Reasoning{Origin: origin}
	switch {
	case !ok:
		return llm.Reasoning{}
	case kind == carry.Signature:
		out.Signature = string(payload)
	case kind == carry.Opaque:
		out.Opaque = payload
	case kind == kindBoth:
		n, used := binary.Uvarint(payload)
		if used <= 0 || n > uint64(len(payload)-used) {
			return llm.Reasoning{}
		}
		out.Signature, out.Opaque = string(payload[used:used+int(n)]), payload[used+int(n):]
	}
	return out
}

// PackCall gives the carrier of the signature on a tool call, empty if it has none. It names the call, so it may stand
// anywhere in the call's turn.
func PackCall(c llm.ToolCall, origin llm.Origin) string {
	if c.Signature == "" {
		return ""
	}
	if c.Origin != (llm.Origin{}) {
		origin = c.Origin
	}
	return carry.Pack(origin, carry.Call, []byte(c.ID+"\x00"+c.Signature))
}

// UnpackCall reads what PackCall wrote; it is not ok for anything else.
func UnpackCall(s string) (id, signature string, origin llm.Origin, ok bool) {
	origin, kind, payload, ok := carry.Unpack(s)
	if !ok || kind != carry.Call {
		return "", "", llm.Origin{}, false
	}
	name, rest, ok := bytes.Cut(payload, []byte{0})
	return string(name), string(rest), origin, ok
}

// SignCalls puts the signatures of UnpackCall on the calls that they name.
func SignCalls(parts []llm.Part, carriers []string) {
	for _, s := range carriers {
		id, signature, origin, ok := UnpackCall(s)
		if !ok {
			continue
		}
		for i, p := range parts {
			if c, isCall := p.(llm.ToolCall); isCall && c.ID == id {
				c.Signature, c.Origin = signature, origin
				parts[i] = c
			}
		}
	}
}
