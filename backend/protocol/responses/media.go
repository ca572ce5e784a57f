package responses

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"path"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// contentPart reads a part of a message or of a tool's result.
func contentPart(c jsonread.Value) (llm.Part, error) {
	switch kind := c.Get("type").String(); kind {
	case "input_text", "output_text", "text", "summary_text", "reasoning_text":
		return llm.Text{Text: c.Get("text").String(), Citations: citations(c.Get("annotations")), Cache: cacheMark(c)}, nil
	case "refusal":
		return llm.Refusal{Text: c.Get("refusal").String()}, nil
	case "input_image":
		m := llm.Media{FileID: c.Get("file_id").String(), Detail: c.Get("detail").String(), Cache: cacheMark(c)}
		if m.FileID == "" {
			if err := source(&m, c.Get("image_url").String(), "input_image.image_url"); err != nil {
				return nil, err
			}
		}
		if !strings.HasPrefix(m.MediaType, "image/") {
			m.MediaType = imageType(m)
		}
		return m, nil
	case "input_file":
		m := llm.Media{
			FileID: c.Get("file_id").String(), Filename: c.Get("filename").String(),
			Detail: c.Get("detail").String(), Cache: cacheMark(c),
		}
		err := fileSource(&m, c)
		return m, err
	case "":
		return nil, bad("input", "holds a content part without a type")
	default:
		return llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage(c.Raw())}, nil
	}
}

// imageType tells an image's media type by its bytes or the name in its URL; image/* where neither says.
func imageType(m llm.Media) string {
	kind := http.DetectContentType(m.Data)
	if m.URL != "" {
		kind = typeOf("", m.URL)
	}
	if !strings.HasPrefix(kind, "image/") {
		return "image/*"
	}
	return kind
}

func fileSource(m *llm.Media, c jsonread.Value) error {
	switch data, url := c.Get("file_data").String(), c.Get("file_url").String(); {
	case m.FileID != "":
	case url != "":
		m.URL = url
		m.MediaType = typeOf(m.Filename, url)
	case strings.HasPrefix(data, "data:"):
		return source(m, data, "input_file.file_data")
	case data != "": // base64 alone
		bytes, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			return bad("input_file.file_data", "is neither a data URL nor base64")
		}
		m.Data, m.MediaType = bytes, typeOf(m.Filename, "")
	default:
		return bad("input_file", "has neither file_data, file_url nor file_id")
	}
	return nil
}

// typeOf tells a media type by a file's name; PDF is what the API takes a file for otherwise.
func typeOf(filename, url string) string {
	for _, name := range []string{filename, url} {
		name, _, _ = strings.Cut(name, "?")
		switch ext := strings.ToLower(path.Ext(name)); ext {
		case "":
		case ".txt", ".md", ".csv":
			return "text/plain"
		default:
			if kind, _, err := mime.ParseMediaType(mime.TypeByExtension(ext)); err == nil && kind != "" {
				return kind
			}
		}
	}
	return "application/pdf"
}

// source reads a data URL into bytes; any other URL stays one.
func source(m *llm.Media, url, field string) error {
	rest, inline := strings.CutPrefix(url, "data:")
	if !inline {
		if url == "" {
			return bad(field, "is missing")
		}
		m.URL = url
		return nil
	}
	head, data, ok := strings.Cut(rest, ",")
	kind, coded := strings.CutSuffix(head, ";base64")
	if !ok || !coded {
		return bad(field, "is a data URL without base64")
	}
	bytes, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return bad(field, "holds base64 that can't be read")
	}
	m.Data = bytes
	m.MediaType, _, _ = strings.Cut(kind, ";")
	return nil
}
