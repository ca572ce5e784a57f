package proxy

import (
	"strings"

	"gatehouse/backend/catalog"
)

type openAIModels struct {
	Object string        `json:"object"`
	Data   []openAIModel `json:"data"`
}

// openAIModel is a model in OpenAI's list (API reference, "Models"), with the hosted gateway's additions (REST API, "List
// models") and OpenRouter's ("List available models"): editors read limits, prices and abilities from either. What is
// not known is not there, but for created, which OpenAI's shape demands: there 0 is unknown.
type openAIModel struct {
	ID            string   `json:"id"`
	Object        string   `json:"object"`
	Created       int64    `json:"created"` // Unix seconds, as is Released
	Released      int64    `json:"released,omitempty"`
	OwnedBy       string   `json:"owned_by"`
	Name          string   `json:"name,omitempty"`
	Description   string   `json:"description,omitempty"`
	Type          string   `json:"type,omitempty"`
	Tags          []string `json:"tags,omitempty"`
	ContextWindow int64    `json:"context_window,omitempty"` // tokens
	ContextLength int64    `json:"context_length,omitempty"` // the same
	MaxTokens     int64    `json:"max_tokens,omitempty"`
	Pricing       *pricing `json:"pricing,omitempty"`
	// Modalities and Architecture say the same in two spellings.
	Modalities   *modalities   `json:"modalities,omitempty"`
	Architecture *architecture `json:"architecture,omitempty"`
	Parameters   []string      `json:"supported_parameters,omitempty"`
	TopProvider  *topProvider  `json:"top_provider,omitempty"`
	Regions      []string      `json:"regions,omitempty"`
}

type modalities struct {
	Input  []string `json:"input,omitempty"`
	Output []string `json:"output,omitempty"`
}

type architecture struct {
	Modality string   `json:"modality,omitempty"` // "text+image->text"
	Input    []string `json:"input_modalities,omitempty"`
	Output   []string `json:"output_modalities,omitempty"`
}

type topProvider struct {
	ContextLength int64 `json:"context_length,omitempty"`
	MaxOutput     int64 `json:"max_completion_tokens,omitempty"`
}

func toOpenAI(m catalog.Model) openAIModel {
	o := openAIModel{
		ID: m.ID, Object: "model", Created: m.Created, Released: m.Released, OwnedBy: creatorOf(m.ID), Name: m.Name,
		Description: m.Description, Type: m.Type, Tags: m.Tags, ContextWindow: m.ContextWindow, ContextLength: m.ContextWindow,
		MaxTokens: m.MaxOutput, Pricing: pricingOf(m.Price), Architecture: architectureOf(m), Parameters: parametersOf(m), Regions: m.Regions,
	}
	if o.Architecture != nil {
		o.Modalities = &modalities{m.InputModalities, m.OutputModalities}
	}
	if m.ContextWindow > 0 || m.MaxOutput > 0 {
		o.TopProvider = &topProvider{m.ContextWindow, m.MaxOutput}
	}
	return o
}

// creatorOf gives who made a model, without a surface's decoration.
func creatorOf(id string) string {
	id = strings.TrimPrefix(id, "claude-code/")
	creator, _, _ := strings.Cut(id, "/")
	return creator
}

func architectureOf(m catalog.Model) *architecture {
	if len(m.InputModalities) == 0 && len(m.OutputModalities) == 0 {
		return nil
	}
	a := &architecture{Input: m.InputModalities, Output: m.OutputModalities}
	if len(a.Input) > 0 && len(a.Output) > 0 {
		a.Modality = strings.Join(a.Input, "+") + "->" + strings.Join(a.Output, "+")
	}
	return a
}

// parametersOf gives the parameters that a model honours: those that its list names, else those that its tags tell of.
func parametersOf(m catalog.Model) []string {
	if len(m.Parameters) > 0 {
		return m.Parameters
	}
	var out []string
	for _, tag := range m.Tags {
		switch tag {
		case "tool-use":
			out = append(out, "tools", "tool_choice")
		case "reasoning":
			out = append(out, "reasoning", "include_reasoning")
		}
	}
	return out
}

// endpoints is a model with who serves it (hosted gateway, REST API, "List model endpoints").
type endpoints struct {
	Data endpointsData `json:"data"`
}

type endpointsData struct {
	ID           string        `json:"id"`
	Name         string        `json:"name"`
	Created      int64         `json:"created,omitempty"`
	Released     int64         `json:"released,omitempty"`
	Description  string        `json:"description,omitempty"`
	Architecture *architecture `json:"architecture,omitempty"`
	Endpoints    []endpoint    `json:"endpoints"`
}

// endpoint is one provider of a model. What is measured of it is not told here.
type endpoint struct {
	Name          string   `json:"name"`
	ModelName     string   `json:"model_name"`
	ProviderName  string   `json:"provider_name"`
	Tag           string   `json:"tag"`
	ContextLength *int64   `json:"context_length"`
	MaxOutput     *int64   `json:"max_completion_tokens"`
	MaxPrompt     *int64   `json:"max_prompt_tokens"`
	Quantization  *string  `json:"quantization"`
	Pricing       *pricing `json:"pricing,omitempty"`
	Parameters    []string `json:"supported_parameters,omitempty"`
	Status        int      `json:"status"` // 0 is active
}

func endpointsOf(m catalog.Model, entries []catalog.Model) endpoints {
	out := endpoints{endpointsData{
		ID: m.ID, Name: nameOf(m), Created: m.Created, Released: m.Released, Description: m.Description,
		Architecture: architectureOf(m), Endpoints: []endpoint{},
	}}
	for _, e := range entries {
		out.Data.Endpoints = append(out.Data.Endpoints, endpoint{
			Name: e.Provider + " | " + m.ID, ModelName: nameOf(m), ProviderName: e.Provider, Tag: e.Provider,
			ContextLength: orNull(e.ContextWindow), MaxOutput: orNull(e.MaxOutput), Pricing: pricingOf(e.Price), Parameters: parametersOf(e),
		})
	}
	return out
}

// orNull gives a number that is known.
func orNull(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}
