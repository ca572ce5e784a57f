package proxy

import (
	"net/http"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/aisdk"
)

// embeddings serves POST /v1/embeddings (OpenAI's API reference, "Embeddings").
func (s *Server) embeddings(w http.ResponseWriter, r *http.Request, key access.Key) error {
	return s.exchange(w, r, key, func(req *gateway.Request) error {
		req.Dialect = llm.Embeddings
		req.Embedding = &gateway.Embedding{Decode: func() (*protocol.EmbeddingAsked, error) {
			return protocol.OpenAIEmbeddings(req.Body)
		}}
		return nil
	})
}

// embedContent serves /v1beta/models/{model}:embedContent and :batchEmbedContents (Gemini's API reference, "Embeddings").
func (s *Server) embedContent(w http.ResponseWriter, r *http.Request, key access.Key, model, method string) error {
	return s.exchange(w, r, key, func(req *gateway.Request) error {
		req.Dialect, req.Head = llm.GeminiEmbeddings, &protocol.Head{Model: model}
		req.Embedding = &gateway.Embedding{Method: method, Decode: func() (*protocol.EmbeddingAsked, error) {
			return protocol.GeminiEmbeddings(req.Body, model, method == "batchEmbedContents")
		}}
		return nil
	})
}

// embeddingModel serves POST {base}/embedding-model of the AI SDK's gateway protocol, whose model stands in a header.
func (s *Server) embeddingModel(w http.ResponseWriter, r *http.Request, key access.Key) error {
	head, err := aisdk.ReadHead(r.URL.Path, r.Header)
	if err != nil {
		return err
	}
	if head.Model == "" {
		return llm.Errorf(llm.ErrBadRequest, "the header ai-model-id names no model").WithCode("model_missing")
	}
	return s.exchange(w, r, key, func(req *gateway.Request) error {
		req.Dialect, req.Head = llm.AISDK, &protocol.Head{Model: head.Model}
		req.Embedding = &gateway.Embedding{Decode: func() (*protocol.EmbeddingAsked, error) {
			return protocol.AISDKEmbeddings(req.Body, head)
		}}
		return nil
	})
}
