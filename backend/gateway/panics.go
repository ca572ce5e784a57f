package gateway

import (
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"

	"gatehouse/backend/llm"
)

// Panicked makes a failure of a panic, which costs the request it came from and no other. The log says where it was, and
// of its value no more than the runtime's own words: others may quote what the client sent.
func Panicked(logger *slog.Logger, request string, v any) *llm.Error {
	what := fmt.Sprintf("%T", v)
	if e, ok := v.(runtime.Error); ok {
		what = e.Error()
	}
	logger.Error("a request ran into a panic", "request", request, "panic", what, "stack", string(debug.Stack()))
	return llm.Errorf(llm.ErrInternal, "Gatehouse failed in handling this request, which is a mistake of its own; its log says where").
		WithCode("internal_error")
}

// contained runs what makes an answer; a panic in it is its failure.
func (x *exchange) contained(run func() (*Answer, error)) (answer *Answer, err error) {
	defer func() {
		if v := recover(); v != nil {
			answer, err = nil, Panicked(x.g.Logger, x.id, v)
		}
	}()
	return run()
}

// ending gives what ends a stream that failed, also where whoever writes the stream is what failed.
func (x *exchange) ending(end func() []byte, id string, e *llm.Error) (text []byte) {
	defer func() {
		if recover() != nil {
			text = x.streamError(id, e)
		}
	}()
	return end()
}
