package provider

import (
	"fmt"
	"maps"
	"net/url"

	"gatehouse/backend/llm"
)

// surfaces are where a provider has the endpoints whose requests are passed on whole, below its base URL.
type surfaces map[llm.Surface]string

// some are the named ones of anySurface.
func some(names ...llm.Surface) surfaces {
	out := surfaces{}
	for _, s := range names {
		out[s] = anySurface[s]
	}
	return out
}

var (
	// openAISurfaces are OpenAI's own paths (API reference).
	openAISurfaces = surfaces{
		llm.Completions: "/completions", llm.ImageGenerations: "/images/generations", llm.ImageEdits: "/images/edits",
		llm.ImageVariations: "/images/variations", llm.Speech: "/audio/speech", llm.Transcriptions: "/audio/transcriptions",
		llm.Translations: "/audio/translations", llm.Moderations: "/moderations", llm.Decisions: "/decisions",
		llm.Videos: "/videos", llm.Files: "/files", llm.Uploads: "/uploads", llm.Batches: "/batches",
		llm.RealtimeSecrets: "/realtime/client_secrets",
	}
	// anySurface is what an OpenAI-compatible server may have. One of the user's own is asked for all of it: it says
	// itself what it lacks. Both forms of reranking differ in fields that it knows or passes over.
	anySurface = func() surfaces {
		all := maps.Clone(openAISurfaces)
		all[llm.Rerank], all[llm.RerankV2] = "/rerank", "/rerank"
		return all
	}()
	// gatewaySurfaces are what the hosted gateway documents ("REST API", "Image generation", "Reranking", "Decisions"; the
	// AI SDK's own package). The AI SDK's paths say their version themselves.
	gatewaySurfaces = surfaces{
		llm.ImageGenerations: "/v1/images/generations", llm.ImageEdits: "/v1/images/edits",
		llm.Rerank: "/v1/rerank", llm.RerankV2: "/v2/rerank", llm.Decisions: "/v1/decisions", llm.Evaluate: "/v1/evaluate",
		llm.GatewaySecrets: "/v1/realtime/client-secrets",
		llm.AISDKImages:    "", llm.AISDKVideos: "", llm.AISDKSpeech: "", llm.AISDKTranscriptions: "", llm.AISDKReranking: "",
		llm.AISDKDecisions: "", llm.AISDKBatches: "",
	}
)

// surfacesOf is who has which, by the providers' own API references.
var surfacesOf = map[ID]surfaces{
	Gateway:      gatewaySurfaces,
	"openai":     openAISurfaces,
	"groq":       some(llm.Speech, llm.Transcriptions, llm.Translations, llm.Files, llm.Batches),
	"xai":        some(llm.ImageGenerations, llm.ImageEdits),
	"mistral":    some(llm.Transcriptions, llm.Moderations, llm.Files),
	"openrouter": some(llm.Speech, llm.Transcriptions, llm.Rerank, llm.RerankV2),
	"ollama":     some(llm.Completions, llm.Speech, llm.Transcriptions),
	"lmstudio":   some(llm.Completions),
	"llamacpp":   some(llm.Completions, llm.Rerank),
}

// Serves tells whether the provider has the endpoints of a surface.
func (p *Provider) Serves(s llm.Surface) bool {
	_, ok := p.surfaces[s]
	return ok
}

// surfaceURL gives the URL of a surface's endpoint; tail is what follows the surface's own path, escaped.
func (p *Provider) surfaceURL(s llm.Surface, tail string) (*url.URL, error) {
	path, ok := p.surfaces[s]
	if !ok {
		return nil, fmt.Errorf("%s has no %s", p.ID, s)
	}
	return url.Parse(p.BaseURL + path + tail)
}
