package gemini

import (
	"strings"

	"gatehouse/backend/llm"
)

// filesURL is where uploaded files are (API reference, "Files").
const filesURL = "https://generativelanguage.googleapis.com/v1beta/"

// takenURLs are the addresses that the API fetches itself: its own files, Google Cloud Storage, public videos.
var takenURLs = []string{
	filesURL + "files/", "https://generativelanguage.googleapis.com/v1/files/", "gs://",
	"https://www.youtube.com/watch?v=", "https://youtube.com/watch?v=", "https://youtu.be/",
}

// TakesURL tells whether the API fetches an address itself. Media with another address must be brought inline before
// EncodeRequest.
func TakesURL(url string) bool {
	for _, start := range takenURLs {
		if strings.HasPrefix(url, start) {
			return true
		}
	}
	return false
}

// takenTypes are the media types that the API takes inline (API docs, "Image understanding", "Document understanding",
// "Audio understanding", "Video understanding"); one that ends in '/' stands for all of its kind.
var takenTypes = []string{
	"image/png", "image/jpeg", "image/jpg", "image/webp", "image/heic", "image/heif", "application/pdf", "text/", "audio/",
	"video/",
}

func takesType(mediaType string) bool {
	mediaType, _, _ = strings.Cut(strings.ToLower(mediaType), ";")
	for _, t := range takenTypes {
		if t == mediaType || strings.HasSuffix(t, "/") && strings.HasPrefix(mediaType, t) {
			return true
		}
	}
	return false
}

func (e *encoder) media(m llm.Media) (part, error) {
	e.cacheMark(m.Cache)
	if m.Detail != "" && m.Detail != "auto" {
		e.drop("messages.media.detail")
	}
	switch {
	case m.FileID != "" && strings.HasPrefix(m.FileID, "files/"):
		return part{file: &fileData{m.MediaType, filesURL + m.FileID}}, nil
	case m.FileID != "":
		return part{}, llm.Errorf(llm.ErrBadRequest,
			"the file %q was uploaded to another provider; send its bytes for %s", m.FileID, llm.Gemini)
	case m.URL != "" && TakesURL(m.URL):
		return part{file: &fileData{m.MediaType, m.URL}}, nil
	case m.URL != "":
		return part{}, llm.Errorf(llm.ErrBadRequest,
			"%s does not fetch %s; send the file's bytes", llm.Gemini, shorten(m.URL))
	case m.MediaType == "application/json" || m.MediaType == "application/xml":
		return part{inline: &blob{"text/plain", m.Data}}, nil
	case !takesType(m.MediaType):
		return part{}, llm.Errorf(llm.ErrBadRequest,
			"%s takes PNG, JPEG, WebP, HEIC and HEIF images, PDF, text, audio and video, not %q", llm.Gemini, m.MediaType)
	}
	return part{inline: &blob{m.MediaType, m.Data}}, nil
}

// shorten keeps an address out of an error but for its start; the rest may hold a secret.
func shorten(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		url = url[:i]
	}
	return url[:min(len(url), 100)]
}

// insideResult tells whether media may stand in a functionResponse's parts (API docs, "Multimodal function responses").
func insideResult(p part) bool {
	mediaType := ""
	switch {
	case p.inline != nil:
		mediaType = p.inline.mediaType
	case p.file != nil:
		mediaType = p.file.mediaType
	}
	return mediaType == "image/png" || mediaType == "image/jpeg" || mediaType == "image/webp" ||
		mediaType == "application/pdf" || mediaType == "text/plain"
}
