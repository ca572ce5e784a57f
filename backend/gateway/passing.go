package gateway

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/formedit"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/sse"
	"gatehouse/backend/provider"
)

// passing is a request that is passed on whole, with what was read from it.
type passing struct {
	Pass
	model  string
	at     jsonedit.Span
	form   bool
	stream bool
	// holding is where the object is that the request is about, if that is known.
	holding Holding
	known   bool
	// items is where a batch's requests stand, in the AI SDK's form, which name the model again.
	items jsonedit.Span
}

// modelHeader is where the AI SDK names the model of everything but language models (package @ai-sdk/gateway).
const modelHeader = "Ai-Model-Id"

// read finds the model and the object. Its errors are *llm.Error of class bad request.
func (p *passing) read() error {
	p.form = formedit.Is(p.Header.Get("Content-Type"))
	p.stream = strings.Contains(p.Header.Get("Accept"), "text/event-stream")
	if len(p.Body) > 0 && (p.Model != NoModel || p.ObjectIn != "") {
		if err := p.readBody(); err != nil {
			return err
		}
	}
	if p.Model == HeaderModel {
		p.model = p.Header.Get(modelHeader)
	}
	if p.model == "" && p.Model != NoModel && !p.Optional {
		where := `set "model" to an id from GET /v1/models`
		if p.Model == HeaderModel {
			where = "the header ai-model-id is empty"
		}
		return llm.Errorf(llm.ErrBadRequest, "the request names no model; %s", where).WithCode("model_missing")
	}
	return p.sameModel()
}

func (p *passing) readBody() error {
	if p.form {
		return p.readForm()
	}
	spans, err := jsonedit.Find(p.Body, "model", "stream", "session", "requests", cmp.Or(p.ObjectIn, "\x00"))
	if err != nil {
		return llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON: %w", err).WithCode("invalid_json")
	}
	p.stream = p.stream || string(spans[1].Of(p.Body)) == "true"
	p.items = spans[3]
	if p.ObjectIn != "" && spans[4].Found() {
		if err := json.Unmarshal(spans[4].Of(p.Body), &p.Object); err != nil {
			return llm.Errorf(llm.ErrBadRequest, "%q must be a string", p.ObjectIn).WithCode("invalid_request")
		}
	}
	switch p.Model {
	case BodyModel:
		p.at = spans[0]
	case SessionModel:
		if p.at, err = within(p.Body, spans[2], "model"); err != nil {
			return err
		}
	default:
		return nil
	}
	if p.at.Found() && json.Unmarshal(p.at.Of(p.Body), &p.model) != nil {
		return llm.Errorf(llm.ErrBadRequest, `"model" must be a string such as "creator/model"`).WithCode("invalid_model")
	}
	return nil
}

// within finds a member of the object that stands at a span.
func within(body []byte, object jsonedit.Span, name string) (jsonedit.Span, error) {
	if !object.Found() {
		return jsonedit.Span{}, nil
	}
	spans, err := jsonedit.Find(object.Of(body), name)
	if err != nil {
		return jsonedit.Span{}, llm.Errorf(llm.ErrBadRequest, "the request body is not as it should be: %w", err).WithCode("invalid_json")
	}
	if !spans[0].Found() {
		return jsonedit.Span{}, nil
	}
	return jsonedit.Span{Start: object.Start + spans[0].Start, End: object.Start + spans[0].End}, nil
}

func (p *passing) readForm() error {
	spans, err := formedit.Find(p.Body, p.Header.Get("Content-Type"), "model", "stream")
	if err != nil {
		return llm.Errorf(llm.ErrBadRequest, "the form can't be read: %w", err).WithCode("invalid_form")
	}
	p.at = spans[0]
	p.model = strings.TrimSpace(string(p.at.Of(p.Body)))
	p.stream = p.stream || string(spans[1].Of(p.Body)) == "true"
	return nil
}

// item is one request of a batch in the AI SDK's form.
type item struct {
	ModelID string `json:"modelId"`
}

// sameModel checks that a batch's requests name the model that the header names: that is the one which was decided on.
func (p *passing) sameModel() error {
	if p.Surface != llm.AISDKBatches || !p.items.Found() {
		return nil
	}
	var items []item
	if err := json.Unmarshal(p.items.Of(p.Body), &items); err != nil {
		return llm.Errorf(llm.ErrBadRequest, `"requests" must be a list of requests: %w`, err).WithCode("invalid_request")
	}
	for _, i := range items {
		if i.ModelID != p.model {
			return llm.Errorf(llm.ErrBadRequest, "a request of the batch names the model %q, the header ai-model-id %q", i.ModelID, p.model).
				WithCode("invalid_model")
		}
	}
	return nil
}

// body gives the body with the provider's own name for the model; nil where there is none.
func (p *passing) body(upstream string) (provider.Body, error) {
	switch {
	case len(p.Body) == 0:
		return nil, nil
	case p.model == "" || p.model == upstream:
		return jsonedit.Splice{Head: p.Body}, nil
	case p.at.Found() && p.form:
		return jsonedit.Replace(p.Body, p.at, []byte(upstream)), nil
	case p.at.Found():
		return jsonedit.Replace(p.Body, p.at, jsonedit.String(upstream)), nil
	case p.Surface == llm.AISDKBatches && p.items.Found():
		renamed, err := p.renamed(upstream)
		return jsonedit.Replace(p.Body, p.items, renamed), err
	}
	return jsonedit.Splice{Head: p.Body}, nil
}

// renamed gives a batch's requests with another name for the model.
func (p *passing) renamed(upstream string) ([]byte, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(p.items.Of(p.Body), &items); err != nil {
		return nil, err
	}
	out := []byte{'['}
	for i, one := range items {
		spans, err := jsonedit.Find(one, "modelId")
		if err != nil {
			return nil, llm.Errorf(llm.ErrBadRequest, "a request of the batch is not as it should be: %w", err).WithCode("invalid_json")
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, jsonedit.Replace(one, spans[0], jsonedit.String(upstream)).Bytes()...)
	}
	return append(out, ']'), nil
}

// header chooses what the provider sees of the client's headers. The AI SDK's own name the model and the versions; what
// it says of its credential is not true of ours.
func (p *passing) header(upstream, secret string) http.Header {
	h := forwardHeader(p.Request)
	h.Del("Content-Type")
	if kind := p.Header["Content-Type"]; len(p.Body) > 0 && len(kind) > 0 {
		h["Content-Type"] = kind
	}
	if len(p.Header["Accept"]) == 0 {
		h["Accept"] = []string{"*/*"}
	}
	if p.Dialect != llm.AISDK {
		return h
	}
	for name, values := range p.Header {
		if name == "Ai-Gateway-Protocol-Version" || strings.HasPrefix(name, "Ai-") && strings.HasSuffix(name, "-Specification-Version") {
			h[name] = values
		}
	}
	method := "api-key"
	if strings.HasPrefix(secret, "eyJ") { // a JSON web token, as Vercel's OIDC tokens are
		method = "oidc"
	}
	h.Set("Ai-Gateway-Auth-Method", method)
	if p.Model == HeaderModel && upstream != "" {
		h.Set(modelHeader, upstream)
	}
	return h
}

// passedParameters are the query parameters of lists and downloads (OpenAI's API reference, "Files", "Batch", "Videos").
var passedParameters = []string{"after", "before", "limit", "order", "purpose", "variant"}

func passQuery(query string) string {
	if query == "" {
		return ""
	}
	in, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	out := url.Values{}
	for _, name := range passedParameters {
		if v, ok := in[name]; ok {
			out[name] = v
		}
	}
	return out.Encode()
}

// passedHeader is what the client sees of an answer's headers: besides what it always sees, a file's name.
func (x *exchange) passedHeader(resp *http.Response) http.Header {
	h := x.header(resp)
	if v := resp.Header["Content-Disposition"]; len(v) > 0 {
		h["Content-Disposition"] = v
	}
	return h
}

// videoError is how the AI SDK is told of a failure within the stream that carries a video (package @ai-sdk/gateway).
type videoError struct {
	Type       string `json:"type"`
	Message    string `json:"message"`
	ErrorType  string `json:"errorType"`
	StatusCode int    `json:"statusCode"`
}

// streamError gives the bytes that end a stream which already began.
func (x *exchange) streamError(id string, e *llm.Error) []byte {
	if x.pass == nil || x.pass.Surface != llm.AISDKVideos {
		return x.codec.EncodeStreamError(id, e)
	}
	text, err := json.Marshal(videoError{"error", e.Message, "internal_server_error", e.HTTPStatus()})
	if err != nil { // texts always marshal
		return nil
	}
	return sse.Append(nil, "", text)
}
