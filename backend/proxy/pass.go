package proxy

import (
	"net/http"
	"net/url"
	"strings"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

// passRoute is an endpoint whose requests are passed on whole.
type passRoute struct {
	// pattern is the mux's. Where it has an {id}, the request is about that object.
	pattern string
	surface llm.Surface
	model   gateway.Place
	// base is the part of the path that the surface's own path stands for; the rest goes behind it.
	base string
	// refers is the member of the body that names the object, for routes that don't have it in their path.
	refers string
	flags  passFlags
}

type passFlags int

const (
	// optional: the model may be left out, and is the provider's default then.
	optional passFlags = 1 << iota
	// keeps: the answer names objects that later requests are about.
	keeps
	// anyModel: what is begun may use any model. harmless: it uses none.
	anyModel
	harmless
)

// passRoutes is the closed table. The paths are OpenAI's (API reference, under the surfaces' names), Cohere's for
// reranking, and the hosted gateway's own.
var passRoutes = append([]passRoute{
	{pattern: "POST /v1/completions", surface: llm.Completions, model: gateway.BodyModel},
	{pattern: "POST /v1/images/generations", surface: llm.ImageGenerations, model: gateway.BodyModel, flags: optional},
	{pattern: "POST /v1/images/edits", surface: llm.ImageEdits, model: gateway.BodyModel, flags: optional},
	{pattern: "POST /v1/images/variations", surface: llm.ImageVariations, model: gateway.BodyModel, flags: optional},
	{pattern: "POST /v1/audio/speech", surface: llm.Speech, model: gateway.BodyModel},
	{pattern: "POST /v1/audio/transcriptions", surface: llm.Transcriptions, model: gateway.BodyModel},
	{pattern: "POST /v1/audio/translations", surface: llm.Translations, model: gateway.BodyModel},
	{pattern: "POST /v1/rerank", surface: llm.Rerank, model: gateway.BodyModel},
	{pattern: "POST /v2/rerank", surface: llm.RerankV2, model: gateway.BodyModel},
	{pattern: "POST /v1/moderations", surface: llm.Moderations, model: gateway.BodyModel, flags: optional},
	{pattern: "POST /v1/decisions", surface: llm.Decisions, model: gateway.BodyModel},
	{pattern: "POST /v1/evaluate", surface: llm.Evaluate, model: gateway.BodyModel},
	{pattern: "POST /v1/realtime/client_secrets", surface: llm.RealtimeSecrets, model: gateway.SessionModel, flags: optional},
	{pattern: "POST /v1/realtime/client-secrets", surface: llm.GatewaySecrets, model: gateway.BodyModel},

	{pattern: "POST /v1/videos", surface: llm.Videos, model: gateway.BodyModel, flags: optional | keeps},
	{pattern: "GET /v1/videos", surface: llm.Videos, base: "/v1/videos", flags: keeps},
	{pattern: "GET /v1/videos/{id}", surface: llm.Videos, base: "/v1/videos"},
	{pattern: "DELETE /v1/videos/{id}", surface: llm.Videos, base: "/v1/videos"},
	{pattern: "GET /v1/videos/{id}/content", surface: llm.Videos, base: "/v1/videos"},
	{pattern: "POST /v1/videos/{id}/remix", surface: llm.Videos, base: "/v1/videos", flags: keeps},

	{pattern: "POST /v1/files", surface: llm.Files, flags: keeps | harmless},
	{pattern: "GET /v1/files", surface: llm.Files, flags: keeps},
	{pattern: "GET /v1/files/{id}", surface: llm.Files, base: "/v1/files"},
	{pattern: "DELETE /v1/files/{id}", surface: llm.Files, base: "/v1/files"},
	{pattern: "GET /v1/files/{id}/content", surface: llm.Files, base: "/v1/files"},

	{pattern: "POST /v1/uploads", surface: llm.Uploads, flags: keeps | harmless},
	{pattern: "POST /v1/uploads/{id}/parts", surface: llm.Uploads, base: "/v1/uploads"},
	{pattern: "POST /v1/uploads/{id}/complete", surface: llm.Uploads, base: "/v1/uploads", flags: keeps},
	{pattern: "POST /v1/uploads/{id}/cancel", surface: llm.Uploads, base: "/v1/uploads"},

	{pattern: "POST /v1/batches", surface: llm.Batches, refers: "input_file_id", flags: keeps | anyModel},
	{pattern: "GET /v1/batches", surface: llm.Batches, flags: keeps},
	{pattern: "GET /v1/batches/{id}", surface: llm.Batches, base: "/v1/batches", flags: keeps},
	{pattern: "POST /v1/batches/{id}/cancel", surface: llm.Batches, base: "/v1/batches", flags: keeps},
}, aisdkRoutes()...)

// aisdkRoutes are the AI SDK's (package @ai-sdk/gateway, versions for AI SDK 5, 6 and 7). The paths keep their version.
func aisdkRoutes() []passRoute {
	var out []passRoute
	for _, version := range []string{"v1", "v3", "v4"} {
		base := "POST /" + version + "/ai/"
		out = append(out,
			passRoute{pattern: base + "image-model", surface: llm.AISDKImages, model: gateway.HeaderModel},
			passRoute{pattern: base + "video-model", surface: llm.AISDKVideos, model: gateway.HeaderModel},
			passRoute{pattern: base + "video-model/start", surface: llm.AISDKVideos, model: gateway.HeaderModel},
			passRoute{pattern: base + "video-model/status", surface: llm.AISDKVideos, model: gateway.HeaderModel, flags: optional | harmless},
			passRoute{pattern: base + "speech-model", surface: llm.AISDKSpeech, model: gateway.HeaderModel},
			passRoute{pattern: base + "transcription-model", surface: llm.AISDKTranscriptions, model: gateway.HeaderModel},
			passRoute{pattern: base + "reranking-model", surface: llm.AISDKReranking, model: gateway.HeaderModel},
			passRoute{pattern: base + "decision-model", surface: llm.AISDKDecisions, model: gateway.HeaderModel},
			passRoute{pattern: base + "batch/start", surface: llm.AISDKBatches, model: gateway.HeaderModel, flags: keeps},
			passRoute{pattern: base + "batch/status", surface: llm.AISDKBatches, refers: "batchId"},
			passRoute{pattern: base + "batch/results", surface: llm.AISDKBatches, refers: "batchId"},
			passRoute{pattern: base + "batch/cancel", surface: llm.AISDKBatches, refers: "batchId"},
		)
	}
	return out
}

// tail gives what of a request's path the provider gets behind the surface's own.
func (p passRoute) tail(r *http.Request) (string, error) {
	path := r.URL.Path
	if isAISDK(path) {
		return path, nil
	}
	id := r.PathValue("id")
	if id == "" {
		return "", nil
	}
	if !properID(id) {
		return "", llm.Errorf(llm.ErrNotFound, "%q is no id", id).WithCode("not_found")
	}
	rest := strings.TrimPrefix(path, p.base+"/"+id)
	return "/" + url.PathEscape(id) + rest, nil
}

// properID tells whether an id may stand in a provider's path. Dots alone would climb it.
func properID(id string) bool {
	if strings.Trim(id, ".") == "" || len(id) > 512 {
		return false
	}
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' || strings.IndexByte(`/\%?#`, c) >= 0 {
			return false
		}
	}
	return true
}

// pass serves a route whose requests are passed on whole.
func (s *Server) pass(p passRoute) handler {
	method, _, _ := strings.Cut(p.pattern, " ")
	has := func(f passFlags) bool { return p.flags&f != 0 }
	return func(w http.ResponseWriter, r *http.Request, key access.Key) error {
		tail, err := p.tail(r)
		if err != nil {
			return err
		}
		return s.withRequest(w, r, key, func(base *gateway.Request) error {
			base.Dialect = dialectOf(r)
			return s.carryPass(w, r, gateway.Pass{
				Request: *base, Surface: p.surface, Method: method, Tail: tail, Model: p.model, Optional: has(optional),
				Object: r.PathValue("id"), ObjectIn: p.refers, Keeps: has(keeps), AnyModel: has(anyModel), Harmless: has(harmless),
			})
		})
	}
}

// carryPass has the request carried and copies the answer.
func (s *Server) carryPass(w http.ResponseWriter, r *http.Request, req gateway.Pass) error {
	out := s.newOutlet(w, r, &req.Request)
	out.mu.Lock()
	out.streams = req.Streams
	out.mu.Unlock()
	return out.serve(s, func() (*gateway.Answer, error) { return s.Gateway.Pass(r.Context(), req) })
}
