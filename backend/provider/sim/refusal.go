package sim

import (
	"fmt"
	"net/http"
	"time"
)

// kind is why a request gets no answer.
type kind string

const (
	badRequest  kind = "bad request"
	badMethod   kind = "bad method"
	noModel     kind = "no model"
	noRoute     kind = "no route"
	tooLarge    kind = "too large"
	rateLimited kind = "rate limited"
	overloaded  kind = "overloaded"
	broken      kind = "broken"
)

// spelling is how one dialect says a kind.
type spelling struct {
	status int
	kind   string
	code   string
}

// chatSpelling follows OpenAI's error codes guide, messagesSpelling Anthropic's "Errors" page, geminiSpelling Google's
// AIP-193.
var (
	chatSpelling = map[kind]spelling{
		badRequest:  {http.StatusBadRequest, "invalid_request_error", ""},
		badMethod:   {http.StatusMethodNotAllowed, "invalid_request_error", "method_not_supported"},
		noModel:     {http.StatusNotFound, "invalid_request_error", "model_not_found"},
		noRoute:     {http.StatusNotFound, "invalid_request_error", "unknown_url"},
		tooLarge:    {http.StatusRequestEntityTooLarge, "invalid_request_error", ""},
		rateLimited: {http.StatusTooManyRequests, "requests", "rate_limit_exceeded"},
		overloaded:  {http.StatusServiceUnavailable, "server_error", "overloaded"},
		broken:      {http.StatusInternalServerError, "server_error", ""},
	}
	messagesSpelling = map[kind]spelling{
		badRequest:  {http.StatusBadRequest, "invalid_request_error", ""},
		badMethod:   {http.StatusMethodNotAllowed, "invalid_request_error", ""},
		noModel:     {http.StatusNotFound, "not_found_error", ""},
		noRoute:     {http.StatusNotFound, "not_found_error", ""},
		tooLarge:    {http.StatusRequestEntityTooLarge, "request_too_large", ""},
		rateLimited: {http.StatusTooManyRequests, "rate_limit_error", ""},
		overloaded:  {529, "overloaded_error", ""},
		broken:      {http.StatusInternalServerError, "api_error", ""},
	}
	geminiSpelling = map[kind]spelling{
		badRequest:  {http.StatusBadRequest, "INVALID_ARGUMENT", ""},
		badMethod:   {http.StatusNotFound, "NOT_FOUND", ""}, // it knows no 405
		noModel:     {http.StatusNotFound, "NOT_FOUND", ""},
		noRoute:     {http.StatusNotFound, "NOT_FOUND", ""},
		tooLarge:    {http.StatusRequestEntityTooLarge, "INVALID_ARGUMENT", ""},
		rateLimited: {http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", ""},
		overloaded:  {http.StatusServiceUnavailable, "UNAVAILABLE", ""},
		broken:      {http.StatusInternalServerError, "INTERNAL", ""},
	}
)

// refusal is an error answer before it has a dialect.
type refusal struct {
	kind    kind
	message string
	// param is the request's field at fault and code the reason where it is not the kind's usual one; Chat only.
	param, code string
	retryAfter  time.Duration
}

func refusef(k kind, format string, args ...any) *refusal {
	return &refusal{kind: k, message: fmt.Sprintf(format, args...)}
}

func (r *refusal) at(param, code string) *refusal { r.param, r.code = param, code; return r }

func (r *refusal) after(d time.Duration) *refusal { r.retryAfter = d; return r }

func writeRefusal(w http.ResponseWriter, ref *refusal, status int, body any) {
	if ref.retryAfter > 0 {
		w.Header().Set("Retry-After", seconds(ref.retryAfter))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(body)) // the client may be gone; there is nobody to tell
}
