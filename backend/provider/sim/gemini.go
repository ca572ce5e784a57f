package sim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// gemini is Google's Gemini API (API reference, "Generating content"), v1beta, as models of the third generation want to
// be spoken to: calls have ids, and those of the turn that goes on come back with their signature.
type gemini struct {
	model           string
	streamed, array bool
}

// generate serves POST /v1beta/models/{model}:{method}.
func (s *server) generate(w http.ResponseWriter, r *http.Request) {
	model, method, _ := strings.Cut(r.PathValue("call"), ":")
	d := gemini{model: model}
	switch method {
	case "generateContent":
	case "streamGenerateContent":
		d.streamed, d.array = true, r.URL.Query().Get("alt") != "sse"
	default:
		s.unknown(w, r)
		return
	}
	s.serve(w, r, d)
}

// geminiRequest names every field that is taken: the API refuses any other.
type geminiRequest struct {
	Contents          []geminiContent   `json:"contents"`
	SystemInstruction *geminiContent    `json:"systemInstruction"`
	Tools             []geminiTools     `json:"tools"`
	ToolConfig        *geminiToolConfig `json:"toolConfig"`
	GenerationConfig  json.RawMessage   `json:"generationConfig"`
	SafetySettings    json.RawMessage   `json:"safetySettings"`
	CachedContent     json.RawMessage   `json:"cachedContent"`
	ServiceTier       json.RawMessage   `json:"serviceTier"`
	Labels            json.RawMessage   `json:"labels"`
	Store             json.RawMessage   `json:"store"`
	Model             json.RawMessage   `json:"model"`
}

type geminiContent struct {
	Role  string       `json:"role,omitempty"`
	Parts []geminiPart `json:"parts"`
}

type geminiPart struct {
	Text             *string         `json:"text,omitempty"`
	Thought          bool            `json:"thought,omitempty"`
	ThoughtSignature string          `json:"thoughtSignature,omitempty"`
	FunctionCall     *geminiCall     `json:"functionCall,omitempty"`
	FunctionResponse *geminiResponse `json:"functionResponse,omitempty"`
	InlineData       json.RawMessage `json:"inlineData,omitempty"`
	FileData         json.RawMessage `json:"fileData,omitempty"`
	VideoMetadata    json.RawMessage `json:"videoMetadata,omitempty"`
	MediaResolution  json.RawMessage `json:"mediaResolution,omitempty"`
	ExecutableCode   json.RawMessage `json:"executableCode,omitempty"`
	CodeResult       json.RawMessage `json:"codeExecutionResult,omitempty"`
}

type geminiCall struct {
	ID   string          `json:"id,omitempty"`
	Name string          `json:"name"`
	Args json.RawMessage `json:"args,omitempty"`
}

type geminiResponse struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	Response json.RawMessage `json:"response"`
	Parts    []geminiPart    `json:"parts"`
}

type geminiTools struct {
	FunctionDeclarations []geminiDeclaration `json:"functionDeclarations"`
	GoogleSearch         json.RawMessage     `json:"googleSearch"`
	URLContext           json.RawMessage     `json:"urlContext"`
	CodeExecution        json.RawMessage     `json:"codeExecution"`
}

type geminiDeclaration struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
	JSONSchema  json.RawMessage `json:"parametersJsonSchema"`
	Response    json.RawMessage `json:"response"`
	Behavior    string          `json:"behavior"`
}

type geminiToolConfig struct {
	FunctionCallingConfig *struct {
		Mode    string   `json:"mode"`
		Allowed []string `json:"allowedFunctionNames"`
	} `json:"functionCallingConfig"`
	RetrievalConfig json.RawMessage `json:"retrievalConfig"`
}

func (gemini) idPrefixes() (answer, toolCall, request string) { return "", "call_", "" }

func (gemini) headers(h http.Header, _ string) { h.Set("Server-Timing", "gfet4t7; dur=1") }

type geminiError struct {
	Error struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Status  string `json:"status"`
	} `json:"error"`
}

func geminiErrorBody(ref *refusal) geminiError {
	spelling := geminiSpelling[ref.kind]
	var body geminiError
	body.Error.Code, body.Error.Message, body.Error.Status = spelling.status, ref.message, spelling.kind
	return body
}

func (d gemini) refuse(w http.ResponseWriter, ref *refusal, _ string) {
	var body any = geminiErrorBody(ref)
	if d.array {
		body = []any{body}
	}
	writeRefusal(w, ref, geminiSpelling[ref.kind].status, body)
}

func (d gemini) parse(body []byte, _ http.Header) (*ask, *refusal) {
	var req geminiRequest
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&req); err != nil {
		return nil, refusef(badRequest, "Invalid JSON payload received. %v", err)
	}
	if len(req.Contents) == 0 {
		return nil, refusef(badRequest, "* GenerateContentRequest.contents: contents is not specified")
	}
	a := &ask{
		model: d.model, stream: d.streamed, array: d.array, parallel: true, choice: choice{mode: "auto"},
	}
	for _, read := range []func(*geminiRequest, *ask) *refusal{
		readGeneration, readGeminiTools, readGeminiChoice, readContents, checkSignatures,
	} {
		if ref := read(&req, a); ref != nil {
			return nil, ref
		}
	}
	return a, nil
}

func readGeneration(req *geminiRequest, a *ask) *refusal {
	var config struct {
		CandidateCount  *int64   `json:"candidateCount"`
		MaxOutputTokens *int64   `json:"maxOutputTokens"`
		StopSequences   []string `json:"stopSequences"`
		ThinkingConfig  struct {
			IncludeThoughts bool `json:"includeThoughts"`
		} `json:"thinkingConfig"`
	}
	if len(req.GenerationConfig) > 0 && json.Unmarshal(req.GenerationConfig, &config) != nil {
		return refusef(badRequest, "Invalid value at 'generation_config'")
	}
	switch {
	case config.CandidateCount != nil && *config.CandidateCount != 1:
		return refusef(badRequest, "Only one candidate can be specified; the simulator gives no more")
	case config.MaxOutputTokens != nil && *config.MaxOutputTokens < 1:
		return refusef(badRequest, "max_output_tokens must be positive.")
	case len(config.StopSequences) > 5:
		return refusef(badRequest, "The number of stop sequences must be at most 5.")
	}
	if config.MaxOutputTokens != nil {
		a.limit = *config.MaxOutputTokens
	}
	a.stop, a.summary = config.StopSequences, config.ThinkingConfig.IncludeThoughts
	return nil
}

func readGeminiTools(req *geminiRequest, a *ask) *refusal {
	for _, group := range req.Tools {
		for _, t := range group.FunctionDeclarations {
			switch {
			case !validName(strings.Map(dotAndColon, t.Name)):
				return refusef(badRequest, "Invalid function name. Must start with a letter or an underscore. Must be alphanumeric "+
					"(a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.")
			case len(t.Parameters) > 0 && len(t.JSONSchema) > 0:
				return refusef(badRequest, "parameters and parameters_json_schema of %s exclude each other.", t.Name)
			}
			schema := t.JSONSchema
			if len(schema) == 0 {
				schema = t.Parameters
			}
			a.tools = append(a.tools, tool{name: t.Name, schema: schema})
			a.input += count(t.Name) + count(t.Description) + count(string(schema))
		}
	}
	return nil
}

// dotAndColon are taken in names besides what other dialects take.
func dotAndColon(r rune) rune {
	if r == '.' || r == ':' {
		return '_'
	}
	return r
}

func readGeminiChoice(req *geminiRequest, a *ask) *refusal {
	if req.ToolConfig == nil || req.ToolConfig.FunctionCallingConfig == nil {
		return nil
	}
	if len(a.tools) == 0 {
		return refusef(badRequest, "Function calling config is set without function_declarations.")
	}
	config := req.ToolConfig.FunctionCallingConfig
	switch config.Mode {
	case "", "AUTO", "VALIDATED":
	case "NONE":
		a.choice.mode = "none"
	case "ANY":
		a.choice.mode = "required"
	default:
		return refusef(badRequest, "Invalid value at 'tool_config.function_calling_config.mode', %q", config.Mode)
	}
	for _, name := range config.Allowed {
		if !a.declares(name) {
			return refusef(badRequest, "allowed_function_names should be a subset of function_declarations: %s", name)
		}
		a.choice = choice{"named", name}
	}
	return nil
}
