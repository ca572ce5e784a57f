package sim

import (
	"bytes"
	"encoding/json"
	"net/http"

	"gatehouse/backend/protocol/sse"
)

// encode writes JSON as these servers do: compact, without HTML escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		// Only raw JSON that a caller sent can fail, and that was checked when it was read.
		return []byte("null")
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// emitter writes events and flushes each. Data that is raw bytes goes out as it is.
func emitter(w http.ResponseWriter) emit {
	flush := http.NewResponseController(w)
	var buf []byte
	return func(name string, data any) error {
		raw, ok := data.([]byte)
		if !ok {
			raw = encode(data)
		}
		buf = sse.Append(buf[:0], name, raw)
		if _, err := w.Write(buf); err != nil {
			return err
		}
		return flush.Flush()
	}
}
