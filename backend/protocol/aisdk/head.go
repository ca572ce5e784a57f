package aisdk

import (
	"net/http"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
)

// Version is a version of the language-model specification; it decides the shape of every answer.
type Version int

// The versions, with the AI SDK that speaks each.
const (
	V2 Version = 2 // AI SDK 5
	V3 Version = 3 // AI SDK 6
	V4 Version = 4 // AI SDK 7
)

// String is the version as GET /config spells it.
func (v Version) String() string { return "v" + strconv.Itoa(int(v)) }

// Head is what a request says outside its body.
type Head struct {
	Version Version
	// Model is empty where the request names none, as GET /config.
	Model  string
	Stream bool
}

// The headers of a language model's request; those of other kinds have another word for "language" in the version's name
// and share one for the model.
const (
	versionHeader = "Ai-Language-Model-Specification-Version"
	modelHeader   = "Ai-Language-Model-Id"
	streamHeader  = "Ai-Language-Model-Streaming"
	otherModel    = "Ai-Model-Id"
	// embeddingModel is otherModel by analogy with modelHeader.
	embeddingModel = "Ai-Embedding-Model-Id"
)

// ReadHead reads the headers and path of a request. GET /config and what has a base URL of its own making carry no
// version, so the path's prefix decides next, then the client's own version in User-Agent, and else it is the newest.
func ReadHead(path string, h http.Header) (Head, error) {
	head := Head{Version: V4, Model: strings.TrimSpace(h.Get(modelHeader))}
	for _, name := range []string{otherModel, embeddingModel} {
		if head.Model == "" {
			head.Model = strings.TrimSpace(h.Get(name))
		}
	}
	switch s := h.Get(streamHeader); s {
	case "true":
		head.Stream = true
	case "false", "":
	default:
		return Head{}, llm.Errorf(llm.ErrBadRequest, "the header %s must be true or false, not %q", streamHeader, s).
			WithCode("invalid_stream")
	}
	if name, s := headerVersion(h); s != "" {
		n, err := strconv.Atoi(s)
		if v := Version(n); err != nil || v < V2 || v > V4 {
			return Head{}, llm.Errorf(llm.ErrBadRequest,
				"the header %s is %q; this endpoint speaks the versions 2 to 4, those of AI SDK 5, 6 and 7", name, s).
				WithCode("unsupported_specification_version")
		}
		head.Version = Version(n)
	} else if v, ok := pathVersion(path); ok {
		head.Version = v
	} else if v, ok := agentVersion(h.Get("User-Agent")); ok {
		head.Version = v
	}
	return head, nil
}

// kinds are the words for the other kinds of model in the version's header.
var kinds = []string{
	"Embedding", "Image", "Video", "Reranking", "Speech", "Transcription", "Decision",
}

func headerVersion(h http.Header) (name, value string) {
	if s := h.Get(versionHeader); s != "" {
		return versionHeader, s
	}
	for _, kind := range kinds {
		name := "Ai-" + kind + "-Model-Specification-Version"
		if s := h.Get(name); s != "" {
			return name, s
		}
	}
	return "", ""
}

func pathVersion(path string) (Version, bool) {
	for _, p := range []struct {
		prefix string
		v      Version
	}{{"/v1/ai", V2}, {"/v3/ai", V3}, {"/v4/ai", V4}} {
		if rest, ok := strings.CutPrefix(path, p.prefix); ok && (rest == "" || rest[0] == '/') {
			return p.v, true
		}
	}
	return 0, false
}

// agentVersion reads "ai-sdk/gateway/3.0.1 ..." and "ai-sdk-gateway/4.0.1 ..." (the gateway's package) or "ai/6.0.1 ..."
// (the AI SDK itself), by major version.
func agentVersion(agent string) (Version, bool) {
	for product := range strings.FieldsSeq(agent) {
		for _, known := range []struct {
			prefix string
			lead   int // how far the package's number is ahead of the specification's
		}{{"ai-sdk/gateway/", 0}, {"ai-sdk-gateway/", 0}, {"ai/", 3}} {
			rest, ok := strings.CutPrefix(product, known.prefix)
			if !ok {
				continue
			}
			major, _, _ := strings.Cut(rest, ".")
			n, err := strconv.Atoi(major)
			if err != nil || n < 1 || known.lead > 0 && n < 5 {
				continue
			}
			return min(max(Version(n-known.lead), V2), V4), true // gateway 1.x spoke version 2 already
		}
	}
	return 0, false
}
