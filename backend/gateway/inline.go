package gateway

import (
	"bytes"
	"context"
	"net/url"
	"strings"

	"gatehouse/backend/fetch"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/routing"
)

// inline puts the content of what a request names by URL in its place, where the target takes it only so.
func (g *Gateway) inline(ctx context.Context, a routing.Attempt, t protocol.Target, req *llm.Request) error {
	var urls []string
	eachMedia(req, func(m llm.Media) llm.Media {
		if protocol.NeedsInline(a.Dialect, t, m) {
			urls = append(urls, m.URL)
		}
		return m
	})
	if len(urls) == 0 {
		return nil
	}
	files, err := g.Files.Get(ctx, urls)
	if err != nil {
		return err
	}
	eachMedia(req, func(m llm.Media) llm.Media {
		if !protocol.NeedsInline(a.Dialect, t, m) {
			return m
		}
		file := files[0]
		files = files[1:]
		if !suits(m.MediaType, file) {
			err = llm.Errorf(llm.ErrBadRequest, "what stands at the URL of host %s is %s, not %s; send the right file, or its content",
				host(m.URL), file.MediaType, wanted(m.MediaType)).WithCode("media_not_fetched")
			return m
		}
		m.Data, m.URL = file.Data, ""
		if m.MediaType == "" || strings.HasSuffix(m.MediaType, "/*") || strings.HasPrefix(m.MediaType, "image/") {
			m.MediaType = file.MediaType
		}
		return m
	})
	return err
}

// suits tells whether a file is of the kind that the request says.
func suits(mediaType string, file fetch.File) bool {
	kind, _, _ := strings.Cut(mediaType, "/")
	switch kind {
	case "", "image": // what has no type is an image to all who take it
		return strings.HasPrefix(file.MediaType, "image/")
	}
	return file.MediaType != "text/html" || mediaType == "text/html" // a page that says something went wrong
}

func wanted(mediaType string) string {
	if mediaType == "" || mediaType == "image/*" {
		return "an image"
	}
	return mediaType
}

// host is what an error may tell of a URL.
func host(u string) string {
	parsed, err := url.Parse(u)
	if err != nil {
		return "?"
	}
	return parsed.Hostname()
}

// eachMedia puts what f makes of each image and file in its place.
func eachMedia(req *llm.Request, f func(llm.Media) llm.Media) {
	var walk func(parts []llm.Part)
	walk = func(parts []llm.Part) {
		for i, p := range parts {
			switch p := p.(type) {
			case llm.Media:
				parts[i] = f(p)
			case llm.ToolResult:
				walk(p.Parts)
			}
		}
	}
	for _, m := range req.Messages {
		walk(m.Parts)
	}
}

// namesFiles tells that a request which went to its provider as it is names files by URL that this provider does not
// fetch.
func (x *exchange) namesFiles(a routing.Attempt) bool {
	if !bytes.Contains(x.req.Body, []byte("http")) {
		return false
	}
	asked, err := x.decode()
	if err != nil {
		return false
	}
	found := false
	target := protocol.Target{Origin: llm.Origin{Provider: a.Provider.ID, Model: a.Model}}
	eachMedia(asked.Request, func(m llm.Media) llm.Media {
		found = found || protocol.NeedsInline(a.Dialect, target, m)
		return m
	})
	return found
}
