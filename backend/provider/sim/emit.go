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

// arrayEmitter writes the data of events as the elements of one JSON array, as Gemini's streams are where nobody asks for
// server-sent events. The array ends with the data nil.
func arrayEmitter(w http.ResponseWriter) emit {
	flush := http.NewResponseController(w)
	before := "["
	return func(_ string, data any) error {
		text := []byte("]\n")
		if data != nil {
			text = append([]byte(before), encode(data)...)
			before = ",\r\n"
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		return flush.Flush()
	}
}

// emitter writes events and flushes each. Data that is raw bytes goes out as it is; server-sent events need no nil at
// their end.
func emitter(w http.ResponseWriter) emit {
	flush := http.NewResponseController(w)
	var buf []byte
	return func(name string, data any) error {
		if data == nil {
			return nil
		}
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
