package proxy

import (
	"fmt"
	"net/http"
	"strings"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
)

// ollamaRoutes are those of Ollama's own protocol (its API reference). Its clients know no keys, or know them only for
// Ollama's cloud, so the settings may let them in without.
func (s *Server) ollamaRoutes(mux *http.ServeMux) {
	mux.Handle("GET /{$}", s.keyedOrLocal(s.ollamaRuns))
	mux.Handle("GET /api/version", s.keyedOrLocal(s.ollamaVersion))
	mux.Handle("GET /api/tags", s.keyedOrLocal(s.ollamaTags))
	mux.Handle("GET /api/ps", s.keyedOrLocal(s.ollamaLoaded))
	mux.Handle("POST /api/show", s.keyedOrLocal(s.ollamaShow))
	mux.Handle("POST /api/chat", s.keyedOrLocal(s.ollamaAnswers(false)))
	mux.Handle("POST /api/generate", s.keyedOrLocal(s.ollamaAnswers(true)))
	mux.Handle("POST /api/embed", s.keyedOrLocal(s.ollamaEmbeds(false)))
	mux.Handle("POST /api/embeddings", s.keyedOrLocal(s.ollamaEmbeds(true)))
	for _, route := range []string{
		"POST /api/pull", "POST /api/push", "POST /api/create", "POST /api/copy", "DELETE /api/delete", "/api/blobs/{digest}",
	} {
		mux.Handle(route, s.keyedOrLocal(s.ollamaManages))
	}
	mux.Handle("/api/", s.keyedOrLocal(s.noRoute))
}

// withoutKey is who asks without a key, where the settings allow that.
var withoutKey = access.Key{ID: "without-key", Name: "Ollama client without a key"}

// keyedOrLocal is keyed for routes that the settings may open to programs on this machine that send no key of ours. A key
// of ours that was revoked stays refused.
func (s *Server) keyedOrLocal(h handler) http.Handler {
	keyed := s.keyed(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.Limits().OllamaWithoutKey || sendsKey(r) {
			keyed.ServeHTTP(w, r)
			return
		}
		if err := h(w, r, withoutKey); err != nil {
			s.fail(w, r, dialectOf(r), llm.AsError(err))
		}
	})
}

// sendsKey tells whether a request has a key of ours, valid or not. Clients of Ollama's that must have some key send any
// word ("ollama").
func sendsKey(r *http.Request) bool {
	for _, v := range r.Header.Values("Authorization") {
		if access.Ours(bearer(v)) {
			return true
		}
	}
	for _, v := range r.Header.Values(secondHeader) {
		if access.Ours(secondKey(v)) {
			return true
		}
	}
	for _, name := range keyHeaders {
		for _, v := range r.Header.Values(name) {
			if access.Ours(v) {
				return true
			}
		}
	}
	return false
}

// ollamaRuns is what Ollama's clients look for to see whether it runs.
func (s *Server) ollamaRuns(w http.ResponseWriter, _ *http.Request, _ access.Key) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprint(w, "Ollama is running") // the client may be gone
	return nil
}

// ollamaAnswers serves /api/chat, and /api/generate where generate is set.
func (s *Server) ollamaAnswers(generate bool) handler {
	return func(w http.ResponseWriter, r *http.Request, key access.Key) error {
		return s.withRequest(w, r, key, func(req *gateway.Request) error {
			head, err := s.ollamaHead(req)
			if err != nil {
				return err
			}
			if loads, unload := protocol.OllamaLoads(req.Body); loads {
				if _, listed := s.find(key, req.Head.Model); !listed {
					return unlisted(head.Model)
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write(protocol.EncodeOllamaLoaded(head.Model, generate, unload, s.now)) // the client may be gone
				return nil
			}
			req.Decode = func() (*protocol.Asked, error) { return protocol.Ollama(req.Body, head.Model, generate) }
			return s.carry(w, r, req, s.Gateway.Exchange)
		})
	}
}

// ollamaEmbeds serves /api/embed, and the older /api/embeddings where single is set.
func (s *Server) ollamaEmbeds(single bool) handler {
	return func(w http.ResponseWriter, r *http.Request, key access.Key) error {
		return s.exchange(w, r, key, func(req *gateway.Request) error {
			head, err := s.ollamaHead(req)
			if err != nil {
				return err
			}
			req.Head.Stream = false
			req.Embedding = &gateway.Embedding{Decode: func() (*protocol.EmbeddingAsked, error) {
				return protocol.OllamaEmbeddings(req.Body, head.Model, single)
			}}
			return nil
		})
	}
}

// ollamaHead reads what a request's body says first, and gives it with the model's name as the client wrote it; in the
// request stands the name that we know it by.
func (s *Server) ollamaHead(req *gateway.Request) (protocol.Head, error) {
	head, err := protocol.OllamaHead(req.Body)
	known := head
	known.Model = s.untagged(head.Model)
	req.Dialect, req.Head = llm.Ollama, &known
	return head, err
}

// untagged gives a model's id. Ollama's clients may add the tag :latest to a name, and leave it out of one that has it.
func (s *Server) untagged(name string) string {
	const latest = ":latest"
	models := s.Catalog()
	known := func(name string) bool {
		_, ok := models.ByName(name)
		return ok || models.Has(name)
	}
	if known(name) {
		return name
	}
	if bare, tagged := strings.CutSuffix(name, latest); tagged {
		return bare
	}
	if known(name + latest) {
		return name + latest
	}
	return name
}

// ollamaManages refuses what only a server of models can do.
func (s *Server) ollamaManages(_ http.ResponseWriter, r *http.Request, _ access.Key) error {
	return llm.Errorf(llm.ErrBadRequest, "%s is not possible here: Gatehouse passes requests on and has no models of its own. Models "+
		"are managed by whoever serves them, those of a local Ollama with its own command line; GET /api/tags lists what there is",
		r.URL.Path).WithStatus(http.StatusNotImplemented).WithCode("not_supported")
}
