package responses

import (
	"encoding/base64"
	"strings"

	"gatehouse/backend/llm"
)

// content gives what may stand in a message or a result.
func (e *requestEncoder) content(p llm.Part) (any, error) {
	switch p := p.(type) {
	case llm.Text:
		if p.Cache != nil {
			e.noCacheMarks()
		}
		if p.Text == "" {
			return nil, nil
		}
		return textContent{"input_text", p.Text}, nil
	case llm.Refusal:
		return textContent{"input_text", p.Text}, nil
	case llm.Media:
		if p.Cache != nil {
			e.noCacheMarks()
		}
		return media(p)
	}
	return nil, llm.Errorf(llm.ErrBadRequest, "only an assistant's message can hold reasoning or tool calls")
}

func media(m llm.Media) (any, error) {
	kind, _, _ := strings.Cut(m.MediaType, "/")
	data := ""
	if len(m.Data) > 0 {
		data = "data:" + m.MediaType + ";base64," + base64.StdEncoding.EncodeToString(m.Data)
	}
	switch {
	case kind == "audio" || kind == "video":
		return nil, llm.Errorf(llm.ErrBadRequest, "%s takes images and files, not %s", llm.Responses, m.MediaType)
	case kind == "image", kind == "" && m.URL != "":
		out := imageContent{Type: "input_image", FileID: m.FileID, Detail: m.Detail}
		if out.Detail == "" {
			out.Detail = "auto"
		}
		if out.FileID == "" {
			if out.ImageURL = m.URL; out.ImageURL == "" {
				out.ImageURL = data
			}
		}
		return out, nil
	case m.FileID != "":
		return fileContent{Type: "input_file", FileID: m.FileID}, nil
	case m.URL != "":
		return fileContent{Type: "input_file", FileURL: m.URL}, nil
	}
	out := fileContent{Type: "input_file", FileData: data, Filename: m.Filename}
	if out.Filename == "" { // the API demands one
		out.Filename = "file" + extension(m.MediaType)
	}
	return out, nil
}

func extension(mediaType string) string {
	switch mediaType {
	case "application/pdf":
		return ".pdf"
	case "text/plain":
		return ".txt"
	}
	return ""
}
