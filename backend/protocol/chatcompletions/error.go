package chatcompletions

import (
	"encoding/json"
	"net/http"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/sse"
)

type errorBody struct {
	Error errorObject `json:"error"`
}

// errorObject is the API reference's error object; param and code are null where there is none.
type errorObject struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

// EncodeError gives the HTTP status and body of an error (API reference, "Error codes").
func EncodeError(e *llm.Error) (status int, body []byte) {
	status = e.HTTPStatus()
	o := errorObject{Message: e.Message, Type: errorType(e.Kind, status)}
	if e.Code != "" {
		o.Code = &e.Code
	}
	body, err := json.Marshal(errorBody{o})
	if err != nil { // strings always marshal
		body = []byte(`{"error":{"message":"internal error","type":"server_error","param":null,"code":null}}`)
	}
	return status, body
}

// EncodeStreamError gives the bytes that end a stream which already began: an error chunk and no [DONE].
func EncodeStreamError(e *llm.Error) []byte {
	_, body := EncodeError(e)
	return sse.Append(nil, "", body)
}

func errorType(kind llm.ErrorKind, status int) string {
	switch kind {
	case llm.ErrAuth:
		switch status {
		case http.StatusForbidden:
			return "permission_error"
		case http.StatusPaymentRequired:
			return "insufficient_quota"
		}
		return "authentication_error"
	case llm.ErrRateLimit:
		return "rate_limit_exceeded"
	case llm.ErrNotFound, llm.ErrBadRequest:
		return "invalid_request_error"
	case llm.ErrOverloaded:
		return "overloaded_error"
	case llm.ErrTimeout:
		return "timeout_error"
	case llm.ErrCancelled:
		return "cancelled"
	}
	return "server_error"
}

// DecodeError reads an error answer in any of the shapes that servers of this dialect send: {"error":{...}},
// {"error":"text","code":...}, {"message":...}, or no JSON at all.
func DecodeError(status int, body []byte) *llm.Error {
	e := &llm.Error{Kind: llm.KindOfStatus(status), Status: status, Raw: body}
	root := jsonread.Of(body)
	object := root.Get("error")
	switch {
	case object.IsObject():
		e.Message = object.Get("message").String()
		e.Code = object.Get("code").String()
		if e.Code == "" {
			e.Code = object.Get("type").String()
		}
	case object.Type() == jsonread.String:
		e.Message = object.String()
		e.Code = root.Get("code").String()
	case root.IsObject():
		e.Message = root.Get("message").String()
		e.Code = root.Get("type").String()
	}
	if e.Kind == llm.ErrBadRequest && fit.TooLong(e.Message) {
		e.Code = fit.Overflow
	}
	if e.Message == "" {
		e.Message = http.StatusText(status)
	}
	return e
}
