package aisdk

import "slices"

// Model is a model in the list that clients get from GET /config.
type Model struct {
	// ID is the full id, creator and name.
	ID          string
	Name        string
	Description string
	// Provider is who serves it.
	Provider string
	// Type is language, embedding, image, reranking, speech, transcription, video, decision, evaluation or realtime; empty
	// is language.
	Type string
	// Pricing is nil where it is unknown.
	Pricing *Pricing
}

// Pricing is a model's prices in USD per token, as decimal numbers. The cache prices are empty where there are none.
type Pricing struct {
	Input      string `json:"input"`
	Output     string `json:"output"`
	CacheRead  string `json:"input_cache_read,omitempty"`
	CacheWrite string `json:"input_cache_write,omitempty"`
}

type configBody struct {
	Models []configModel `json:"models"`
}

type configModel struct {
	ID            string        `json:"id"`
	Name          string        `json:"name"`
	Description   string        `json:"description,omitempty"`
	Pricing       *Pricing      `json:"pricing,omitempty"`
	Specification specification `json:"specification"`
	ModelType     string        `json:"modelType"`
}

type specification struct {
	SpecificationVersion string `json:"specificationVersion"`
	Provider             string `json:"provider"`
	ModelID              string `json:"modelId"`
}

// earlyTypes are the types that gateway 1.x knows; one unknown type breaks the whole list for it.
var earlyTypes = []string{"language", "embedding", "image"}

// EncodeConfig writes the answer to GET /config. The client refuses the whole list if one specification version in it is
// not its own.
func EncodeConfig(models []Model, v Version) []byte {
	out := configBody{Models: []configModel{}}
	for _, m := range models {
		if m.Type == "" {
			m.Type = "language"
		}
		if v == V2 && !slices.Contains(earlyTypes, m.Type) {
			continue
		}
		if m.Name == "" {
			m.Name = m.ID
		}
		out.Models = append(out.Models, configModel{
			m.ID, m.Name, m.Description, m.Pricing, specification{v.String(), m.Provider, m.ID}, m.Type,
		})
	}
	return marshal(out)
}
