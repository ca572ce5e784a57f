package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/embeddings"
	"gatehouse/backend/protocol/gemini"
	"gatehouse/backend/protocol/tokens"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// Embedding makes a Request one for embeddings.
type Embedding struct {
	// Decode reads the request, where it has to be translated.
	Decode func() (*protocol.EmbeddingAsked, error)
	// Method is the client's own of a URL that names one, as Gemini's do.
	Method string
}

// vectorsLimit bounds an answer that has to be whole before it can be written anew: 2048 vectors of 3072 numbers are about
// 130 MB.
const vectorsLimit = 256 << 20

// routed is the dialect that a request is routed for: the client's, but for one whose protocol is its own and nobody else's.
func (r Request) routed() llm.Dialect {
	if r.Embedding != nil && !r.Dialect.Embeds() {
		return llm.Embeddings
	}
	return r.Dialect
}

// embed is send for embeddings: one attempt, raw where the provider takes the client's own words.
func (x *exchange) embed(ctx context.Context, a routing.Attempt, head protocol.Head) (*Answer, *http.Response, error) {
	if a.Dialect == x.req.Dialect && protocol.PlainEmbeddings(a.Dialect, a.Provider.ID) {
		return x.embedRaw(ctx, a, head)
	}
	return x.embedAnew(ctx, a)
}

// embedRaw forwards the request with nothing but the model changed.
func (x *exchange) embedRaw(ctx context.Context, a routing.Attempt, head protocol.Head) (*Answer, *http.Response, error) {
	call := provider.Call{
		Provider: a.Provider, Dialect: a.Dialect, Header: forwardHeader(x.req), Model: a.Upstream, Method: x.req.Embedding.Method,
	}
	form := embeddings.Form("")
	if a.Dialect == llm.GeminiEmbeddings {
		body, err := gemini.ReplaceModel(x.req.Body, a.Upstream)
		if err != nil {
			return nil, nil, err
		}
		call.Body = wire(body)
	} else {
		var err error
		if form, err = embeddings.FormAsked(x.req.Body); err != nil {
			return nil, nil, err
		}
		if call.Body, err = x.edits(a, head); err != nil {
			return nil, nil, err
		}
	}
	resp, err := x.call(ctx, a, call)
	if err != nil || resp.StatusCode >= http.StatusMultipleChoices {
		return nil, resp, err
	}
	if form != "" {
		if err := inForm(resp, form); err != nil {
			resp.Body.Close() //nolint:errcheck // it is not read on
			return nil, resp, x.brokeOff(ctx, err)
		}
	}
	return x.answer(ctx, resp), resp, nil
}

// inForm sees to it that an answer's vectors have the form that was asked for: servers that don't know base64 answer with
// numbers. An answer in the right form is looked at no further than to its first vector.
func inForm(resp *http.Response, form embeddings.Form) error {
	const enough = 64 << 10
	var head bytes.Buffer
	given := embeddings.Form("")
	for given == "" && head.Len() < enough {
		_, err := io.CopyN(&head, resp.Body, 512)
		given = embeddings.FormGiven(head.Bytes())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if given == "" || given == form {
		resp.Body = joined{io.MultiReader(&head, resp.Body), resp.Body}
		return nil
	}
	if _, err := io.Copy(&head, io.LimitReader(resp.Body, vectorsLimit)); err != nil {
		return err
	}
	body, err := embeddings.Reform(head.Bytes(), form)
	if err != nil {
		return err
	}
	resp.Header.Del("Content-Length")
	resp.Body = joined{bytes.NewReader(body), resp.Body}
	return nil
}

// joined reads from one place and closes another.
type joined struct {
	io.Reader
	io.Closer
}

// embedAnew writes the request in the provider's dialect, in as many calls as that needs, and the answer in the client's.
func (x *exchange) embedAnew(ctx context.Context, a routing.Attempt) (*Answer, *http.Response, error) {
	asked, err := x.req.Embedding.Decode()
	if err != nil {
		return nil, nil, err
	}
	asked.Request.Model = a.Upstream
	batches, notices, err := protocol.EncodeEmbeddings(a.Dialect, a.Provider.ID, asked.Request)
	if err != nil {
		return nil, nil, err
	}
	x.notes = slices.Concat(x.notes, asked.Notices, notices)
	x.seen = &llm.Observation{}
	all := &llm.EmbeddingAnswer{Model: a.Model}
	var resp *http.Response
	for i, batch := range batches {
		var part *llm.EmbeddingAnswer
		if part, resp, err = x.embedBatch(ctx, a, batch); part == nil {
			return nil, resp, err
		}
		all.Vectors = append(all.Vectors, part.Vectors...)
		if i == 0 {
			all.Usage = part.Usage
		} else {
			all.Usage = sum(all.Usage, part.Usage)
		}
		x.seen.Usage = all.Usage // what was used was used, even if a later batch fails
	}
	if a.Dialect == llm.GeminiEmbeddings && asked.Request.Dimensions != nil {
		embeddings.Unit(all.Vectors) // Gemini's shortened vectors are not, and clients of other dialects expect it
	}
	body, err := asked.Encode(all, protocol.Answering{
		ID: strings.TrimPrefix(x.id, "req_"), Model: x.askedFor(), Now: x.start,
		Origin: llm.Origin{Provider: a.Provider.ID, Model: a.Model}, Clock: x.g.Now,
		InputTokens: func() int64 { return tokens.Embedding(asked.Request) }, Notices: x.notes,
		Account: func(u llm.Usage) []byte { return x.account(u, x.notes) },
	})
	if err != nil {
		return nil, resp, err
	}
	x.whole = true
	header := x.header(resp)
	header.Del("Content-Length")
	header.Set("Content-Type", "application/json")
	return &Answer{
		ID: x.id, Status: http.StatusOK, Header: header, Provider: x.provider.ID, Model: x.model,
		Body: io.NopCloser(bytes.NewReader(body)), settled: x.settlement,
	}, resp, nil
}

// embedBatch makes one call. It gives no answer where the provider refused.
func (x *exchange) embedBatch(
	ctx context.Context, a routing.Attempt, batch protocol.EmbeddingBatch,
) (*llm.EmbeddingAnswer, *http.Response, error) {
	resp, err := x.call(ctx, a, provider.Call{
		Provider: a.Provider, Dialect: a.Dialect, Header: x.ownHeader(a.Dialect), Model: a.Upstream,
		Method: embedMethods[a.Dialect], Body: wire(batch.Body),
	})
	if err != nil || resp.StatusCode >= http.StatusMultipleChoices {
		return nil, resp, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(io.LimitReader(resp.Body, vectorsLimit))
	if err != nil {
		return nil, resp, x.brokeOff(ctx, err)
	}
	answer, err := protocol.DecodeEmbeddings(a.Dialect, body, batch.Size)
	return answer, resp, err
}

// embedMethods are the methods of the dialects whose URLs name one.
var embedMethods = map[llm.Dialect]string{llm.GeminiEmbeddings: "batchEmbedContents"}

// sum adds what two calls took; it is unknown where one of them is.
func sum(a, b llm.Usage) llm.Usage {
	n, known := a.Input.Get()
	m, alsoKnown := b.Input.Get()
	if !known || !alsoKnown {
		return llm.Usage{}
	}
	return llm.Usage{Input: llm.Tokens(n + m), Output: llm.Tokens(0)}
}

// brokeOff says that an answer could not be read to its end.
func (x *exchange) brokeOff(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return llm.AsError(ctx.Err())
	}
	if e, ok := errors.AsType[*llm.Error](err); ok {
		return e
	}
	return llm.Errorf(llm.ErrOverloaded, "%s broke off its answer before it was finished; try again", x.provider.Name).
		WithStatus(http.StatusBadGateway).WithCode("upstream_broke_off")
}
