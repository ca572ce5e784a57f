package gemini

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// grounding turns the sources of a candidate into citations of the open text (API reference, "GroundingMetadata").
// Where there is no text for them, or they name no web page, the metadata stays as it came.
func (d *decoder) grounding(candidate jsonread.Value) {
	meta := candidate.Get("groundingMetadata")
	if !meta.IsObject() {
		return
	}
	chunks := meta.Get("groundingChunks").Array()
	if d.open != text || len(chunks) == 0 {
		if meta.Raw() != "{}" {
			d.emit(llm.OpaqueEvent{Opaque: opaque(`{"groundingMetadata":` + meta.Raw() + `}`)})
		}
		return
	}
	cited := make([]bool, len(chunks))
	for _, s := range meta.Get("groundingSupports").Array() {
		for _, index := range s.Get("groundingChunkIndices").Array() {
			i := int(index.Int())
			if i < 0 || i >= len(chunks) {
				continue
			}
			cited[i] = true
			d.cite(chunks[i], s.Get("segment"))
		}
	}
	for i, c := range chunks {
		if !cited[i] {
			d.cite(c, jsonread.Value{})
		}
	}
}

// cite adds one source. The API counts a segment in bytes, the vocabulary in characters; behind a second text it is not
// clear what is counted from, so there is no range then.
func (d *decoder) cite(chunk, segment jsonread.Value) {
	web := chunk.Get("web")
	if !web.Exists() {
		web = chunk.Get("retrievedContext")
	}
	c := llm.Citation{
		URL: web.Get("uri").String(), Title: web.Get("title").String(), Raw: opaque(chunk.Raw()),
	}
	start, end := segment.Get("startIndex").Int(), segment.Get("endIndex").Int()
	if d.texts == 1 && start >= 0 && end > start && end <= int64(len(d.written)) {
		c.Start = int64(utf8.RuneCount(d.written[:start]))
		c.End = int64(utf8.RuneCount(d.written[:end]))
	}
	d.emit(llm.PartDelta{Index: d.next - 1, Citation: &c})
}

// sources collects the citations of an answer for its groundingMetadata.
type sources struct {
	urls             []string
	chunks, supports []byte
	// base is how many bytes of text stood before the part that is cited in.
	base int
}

func (s *sources) add(c llm.Citation, written []byte) {
	if c.URL == "" {
		return
	}
	index := slices.Index(s.urls, c.URL)
	if index < 0 {
		index = len(s.urls)
		s.urls = append(s.urls, c.URL)
		web, chunk := &members{}, &members{}
		web.add("uri", quote(c.URL))
		if c.Title != "" {
			web.add("title", quote(c.Title))
		}
		chunk.add("web", web.close())
		s.chunks = append(append(s.chunks, "[,"[min(index, 1)]), chunk.close()...)
	}
	start, end := byteOffset(written, c.Start), byteOffset(written, c.End)
	if end <= start {
		return
	}
	segment, support := &members{}, &members{}
	if start+s.base > 0 {
		segment.add("startIndex", strconv.AppendInt(nil, int64(start+s.base), 10))
	}
	segment.add("endIndex", strconv.AppendInt(nil, int64(end+s.base), 10))
	segment.add("text", quote(string(written[start:end])))
	support.add("segment", segment.close())
	support.add("groundingChunkIndices", []byte("["+strconv.Itoa(index)+"]"))
	s.supports = append(append(s.supports, "[,"[min(len(s.supports), 1)]), support.close()...)
}

// byteOffset gives where the nth character starts; the text's end if it has fewer.
func byteOffset(text []byte, n int64) int {
	at := 0
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at
}

// metadata gives the groundingMetadata, nil without sources.
func (s *sources) metadata() []byte {
	if len(s.chunks) == 0 {
		return nil
	}
	w := &members{}
	w.add("groundingChunks", append(s.chunks, ']'))
	if len(s.supports) > 0 {
		w.add("groundingSupports", append(s.supports, ']'))
	}
	return w.close()
}
