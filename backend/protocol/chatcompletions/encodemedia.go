package chatcompletions

import (
	"encoding/base64"
	"strings"

	"gatehouse/backend/llm"
)

func (e *encoder) mediaPart(m llm.Media) (any, error) {
	kind, format, _ := strings.Cut(m.MediaType, "/")
	cache := e.mark(m.Cache)
	if text, err := e.unseen(m, kind); text != nil || err != nil {
		return text, err
	}
	switch {
	case m.FileID != "":
		return filePart{"file", fileData{FileID: m.FileID, Filename: m.Filename}, cache}, nil
	case m.URL != "" && (kind == "image" || kind == ""):
		return imagePart{"image_url", imageURL{m.URL, m.Detail}, cache}, nil
	case m.URL != "" && e.opts.FilesByURL && kind != "audio":
		return filePart{"file", fileData{FileData: m.URL, Filename: m.Filename}, cache}, nil
	case m.URL != "":
		return nil, llm.Errorf(llm.ErrBadRequest, "%s takes images by URL only, not %s; send the file's content",
			llm.ChatCompletions, m.MediaType)
	}
	data := base64.StdEncoding.EncodeToString(m.Data)
	switch kind {
	case "image":
		return imagePart{"image_url", imageURL{"data:" + m.MediaType + ";base64," + data, m.Detail}, cache}, nil
	case "audio":
		switch format {
		case "wav", "x-wav", "wave":
			format = "wav"
		case "mp3", "mpeg":
			format = "mp3"
		default:
			return nil, llm.Errorf(llm.ErrBadRequest, "%s takes audio as wav or mp3, not %s", llm.ChatCompletions, m.MediaType)
		}
		return audioPart{"input_audio", inputAudio{data, format}}, nil
	case "video":
		return nil, llm.Errorf(llm.ErrBadRequest, "%s takes no video (%s)", llm.ChatCompletions, m.MediaType)
	case "text": // servers differ in which text files they take; every one takes text
		text := string(m.Data)
		if m.Filename != "" {
			text = "File " + m.Filename + ":\n" + text
		}
		return textPart{"text", text, cache}, nil
	}
	mediaType := m.MediaType
	if mediaType == "" {
		mediaType = "application/octet-stream"
	}
	if e.opts.HostedFiles {
		return filePart{"file", fileData{Data: data, MediaType: mediaType, Filename: m.Filename}, cache}, nil
	}
	if e.opts.DocumentURL {
		return documentPart{"document_url", "data:" + mediaType + ";base64," + data, m.Filename}, nil
	}
	filename := m.Filename
	if filename == "" && mediaType == "application/pdf" { // OpenAI refuses a file without a name
		filename = "file.pdf"
	}
	return filePart{"file", fileData{FileData: "data:" + mediaType + ";base64," + data, Filename: filename}, cache}, nil
}

// unseen deals with media that the server takes none of; nil where it does.
func (e *encoder) unseen(m llm.Media, kind string) (any, error) {
	what := ""
	switch image := kind == "image" || kind == "" && m.URL != ""; {
	case image && e.opts.NoImages:
		what = "images"
	case !image && kind != "text" && kind != "audio" && e.opts.NoFiles:
		what = "files"
	default:
		return nil, nil
	}
	if e.last {
		return nil, llm.Errorf(llm.ErrBadRequest, "messages: %s takes no %s; send text, or choose a model that takes them",
			e.opts.Target.Model, what).WithCode("unsupported_media")
	}
	e.notice("messages", "the model takes no "+what+", so those of earlier turns and of tools became a text that tells of them")
	name := m.Filename
	if name == "" {
		name = m.MediaType
	}
	return textPart{Type: "text", Text: "[" + name + ": the model can't see it]"}, nil
}

// later keeps media for the user message behind this one and gives the text that stands for it.
func (e *encoder) later(m llm.Media) (string, error) {
	part, err := e.mediaPart(m)
	if err != nil {
		return "", err
	}
	if text, ok := part.(textPart); ok {
		return text.Text, nil
	}
	e.media = append(e.media, part)
	return "[attached below]", nil
}
