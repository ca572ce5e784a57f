package ollama

import (
	"net/http"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// EncodeError gives the HTTP status and body of an error, which is its text (API reference, "Errors").
func EncodeError(e *llm.Error) (status int, body []byte) {
	return e.HTTPStatus(), append(jsonwrite.AppendString([]byte(`{"error":`), e.Message), '}')
}

// EncodeStreamError gives the line that ends a stream which already began.
func EncodeStreamError(e *llm.Error) []byte {
	_, body := EncodeError(e)
	return append(body, '\n')
}

// DecodeError reads an error of this dialect.
func DecodeError(status int, body []byte) *llm.Error {
	e := &llm.Error{Kind: llm.KindOfStatus(status), Status: status, Raw: body, Message: jsonread.Of(body).Get("error").Str()}
	if e.Message == "" {
		e.Message = http.StatusText(status)
	}
	return e
}
