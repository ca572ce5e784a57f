package credential

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
)

// Handler wraps the log's handler so that nothing reaches it unmasked: every message, name and value goes through
// Redact and Mask. It is meant to be the log's one way out.
func (r *Redactor) Handler(inner slog.Handler) slog.Handler {
	return &redactingHandler{redactor: r, inner: inner}
}

// redactingHandler keeps what With added and hands it on with each record, so that a secret that becomes known later is
// masked there too.
type redactingHandler struct {
	redactor *Redactor
	inner    slog.Handler
	with     []with
}

// with is a group's name or attributes.
type with struct {
	group string
	attrs []slog.Attr
}

func (h *redactingHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.inner.Enabled(ctx, level)
}

func (h *redactingHandler) Handle(ctx context.Context, record slog.Record) error {
	inner := h.inner
	for _, w := range h.with {
		if w.group != "" {
			inner = inner.WithGroup(w.group)
		} else {
			inner = inner.WithAttrs(h.attrs(w.attrs))
		}
	}
	clean := slog.NewRecord(record.Time, record.Level, h.text(record.Message), record.PC)
	record.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.attr(a))
		return true
	})
	return inner.Handle(ctx, clean)
}

func (h *redactingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.plus(with{attrs: attrs})
}

func (h *redactingHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.plus(with{group: name})
}

func (h *redactingHandler) plus(w with) slog.Handler {
	return &redactingHandler{h.redactor, h.inner, append(h.with[:len(h.with):len(h.with)], w)}
}

func (h *redactingHandler) text(s string) string { return Mask(h.redactor.Redact(s)) }

func (h *redactingHandler) attrs(attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = h.attr(a)
	}
	return out
}

func (h *redactingHandler) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		v = slog.StringValue(h.text(v.String()))
	case slog.KindGroup:
		v = slog.GroupValue(h.attrs(v.Group())...)
	case slog.KindAny:
		v = slog.StringValue(h.text(asText(v.Any())))
	}
	return slog.Attr{Key: h.text(a.Key), Value: v}
}

// asText does what a handler would do with a value later, when it could not be masked any more. Bytes must not come out
// as numbers, which nothing would recognise; JSON writes them as text or base64.
func asText(v any) string {
	switch v := v.(type) {
	case error, fmt.Stringer:
		return fmt.Sprint(v) // not v.Error(), which panics for a nil pointer
	case []byte:
		return string(v)
	}
	if b, err := json.Marshal(v); err == nil {
		return string(b)
	}
	return fmt.Sprintf("%+v", v)
}
