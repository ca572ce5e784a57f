package gemini

import (
	"encoding/base64"
	"encoding/json"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonwrite"
)

// The request's objects as they go out (API reference, "Generating content", "Content", "Tool", "GenerationConfig").

// The conversation is most of a request, so these write themselves.

type content struct {
	role  string // empty in a systemInstruction
	parts []any  // part, or json.RawMessage for one that is kept as it came
}

type part struct {
	text      *string
	thought   bool
	inline    *blob
	file      *fileData
	call      *functionCall
	response  *functionResponse
	signature string
}

type blob struct {
	mediaType string
	data      []byte
}

type fileData struct{ mediaType, uri string }

type functionCall struct {
	id, name string
	args     json.RawMessage
}

type functionResponse struct {
	id, name string
	// text is the response: an object, or, under the name of member, a text.
	text, member string
	parts        []part
}

func (c content) append(dst []byte) []byte {
	dst = append(dst, '{')
	if c.role != "" {
		dst = append(append(append(dst, `"role":"`...), c.role...), `",`...)
	}
	dst = append(dst, `"parts":[`...)
	for i, p := range c.parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch p := p.(type) {
		case part:
			dst = p.append(dst)
		case json.RawMessage:
			dst = append(dst, p...)
		}
	}
	return append(dst, "]}"...)
}

func (p part) append(dst []byte) []byte {
	switch {
	case p.text != nil:
		dst = jsonwrite.AppendString(append(dst, `{"text":`...), *p.text)
	case p.inline != nil:
		dst = jsonwrite.AppendString(append(dst, `{"inlineData":{"mimeType":`...), p.inline.mediaType)
		dst = base64.StdEncoding.AppendEncode(append(dst, `,"data":"`...), p.inline.data)
		dst = append(dst, `"}`...)
	case p.file != nil:
		dst = append(dst, `{"fileData":{`...)
		if p.file.mediaType != "" {
			dst = append(jsonwrite.AppendString(append(dst, `"mimeType":`...), p.file.mediaType), ',')
		}
		dst = append(jsonwrite.AppendString(append(dst, `"fileUri":`...), p.file.uri), '}')
	case p.call != nil:
		dst = appendNamed(append(dst, `{"functionCall":{`...), p.call.id, p.call.name)
		dst = append(append(append(dst, `,"args":`...), p.call.args...), '}')
	case p.response != nil:
		r := p.response
		dst = appendNamed(append(dst, `{"functionResponse":{`...), r.id, r.name)
		dst = append(dst, `,"response":`...)
		if r.member == "" {
			dst = append(dst, r.text...)
		} else {
			dst = append(append(append(dst, `{"`...), r.member...), `":`...)
			dst = append(jsonwrite.AppendString(dst, r.text), '}')
		}
		for i, inner := range r.parts {
			if i == 0 {
				dst = append(dst, `,"parts":[`...)
			} else {
				dst = append(dst, ',')
			}
			dst = inner.append(dst)
		}
		if len(r.parts) > 0 {
			dst = append(dst, ']')
		}
		dst = append(dst, '}')
	}
	if p.thought {
		dst = append(dst, `,"thought":true`...)
	}
	if p.signature != "" {
		dst = jsonwrite.AppendString(append(dst, `,"thoughtSignature":`...), p.signature)
	}
	return append(dst, '}')
}

func appendNamed(dst []byte, id, name string) []byte {
	if id != "" {
		dst = append(jsonwrite.AppendString(append(dst, `"id":`...), id), ',')
	}
	return jsonwrite.AppendString(append(dst, `"name":`...), name)
}

type declaration struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	JSONSchema  json.RawMessage `json:"parametersJsonSchema,omitempty"`
}

type callingConfig struct {
	Mode    string   `json:"mode"`
	Allowed []string `json:"allowedFunctionNames,omitempty"`
}

type generation struct {
	Temperature      *float64        `json:"temperature,omitempty"`
	TopP             *float64        `json:"topP,omitempty"`
	TopK             *int64          `json:"topK,omitempty"`
	MaxOutputTokens  *int64          `json:"maxOutputTokens,omitempty"`
	StopSequences    []string        `json:"stopSequences,omitempty"`
	Seed             *int64          `json:"seed,omitempty"`
	PresencePenalty  *float64        `json:"presencePenalty,omitempty"`
	FrequencyPenalty *float64        `json:"frequencyPenalty,omitempty"`
	ResponseMIMEType string          `json:"responseMimeType,omitempty"`
	ResponseSchema   json.RawMessage `json:"responseSchema,omitempty"`
	ResponseJSON     json.RawMessage `json:"responseJsonSchema,omitempty"`
	Thinking         *thinking       `json:"thinkingConfig,omitempty"`
}

type thinking struct {
	IncludeThoughts bool   `json:"includeThoughts,omitempty"`
	Budget          *int64 `json:"thinkingBudget,omitempty"`
	Level           string `json:"thinkingLevel,omitempty"`
}

// quote writes a JSON string.
func quote(s string) []byte { return jsonwrite.AppendString(nil, s) }

// marshal writes JSON without HTML escapes, as the official SDKs do. size is about how much it will be, in bytes.
func marshal(v any, size int) ([]byte, error) {
	b, err := jsonwrite.Marshal(v, size)
	if err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request holds JSON that is not valid: %w", err)
	}
	return b, nil
}

// members writes an object member by member.
type members struct{ b []byte }

func (m *members) add(name string, raw []byte) {
	if len(raw) > 0 {
		m.open(name, raw...)
	}
}

// open begins a member's value.
func (m *members) open(name string, start ...byte) {
	c := byte(',')
	if len(m.b) == 0 {
		c = '{'
	}
	m.b = append(jsonwrite.AppendString(append(m.b, c), name), ':')
	m.b = append(m.b, start...)
}

func (m *members) close() []byte {
	if len(m.b) == 0 {
		return []byte("{}")
	}
	return append(m.b, '}')
}
