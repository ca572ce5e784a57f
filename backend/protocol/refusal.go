package protocol

import (
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// IsError tells whether the body of a refusal is an error as the clients of a dialect read it. Servers that only resemble
// a vendor's have other forms for theirs, and what stands in front of any server answers with a page.
func IsError(d llm.Dialect, body []byte) bool {
	root, err := jsonread.Parse(body)
	if err != nil {
		return false
	}
	if list := root.Array(); root.IsArray() && len(list) > 0 && d == llm.Gemini { // a stream that is one JSON array
		root = list[0]
	}
	e := root.Get("error")
	if !e.IsObject() || e.Get("message").Type() != jsonread.String {
		return false
	}
	switch named := e.Get("type").Type() == jsonread.String; d {
	case llm.Messages:
		return named && root.Get("type").String() == "error"
	case llm.AISDK:
		return named
	case llm.Gemini, llm.GeminiEmbeddings:
		return e.Get("status").Type() == jsonread.String || e.Get("code").Type() == jsonread.Number
	}
	return true
}
