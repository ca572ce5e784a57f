package proxy

import (
	"slices"

	"gatehouse/backend/catalog"
)

// codexInstructions is what Codex tells a model that it is. Codex takes it from the list and from nowhere else: with an
// empty one a model would not know that it is an agent (openai/codex, ModelInfo.base_instructions).
const codexInstructions = `You are a coding agent that works in the user's terminal through Codex. You and the user share one
workspace. Reach what the user asks for: read what you need with the tools, change what has to be changed, and check that it
works before you say so. Keep to the conventions of the code around you, change no more than the task needs, and never undo
work that is not yours. If the request is a question, answer it without changing anything. Be brief, and tell what you did and
what is left to do.`

// codexModelList is Codex's own list of models, ModelsResponse of openai/codex (codex-rs/protocol, openai_models.rs), as
// versions up to 0.169 read it: one member missing that a version demands, and it drops the whole list without a word.
type codexModelList struct {
	Models []codexModel `json:"models"`
}

type codexModel struct {
	Slug                string        `json:"slug"`
	DisplayName         string        `json:"display_name"`
	Description         string        `json:"description"`
	DefaultReasoning    *string       `json:"default_reasoning_level"`
	Reasoning           []codexEffort `json:"supported_reasoning_levels"`
	ShellType           string        `json:"shell_type"` // without it Codex gives the model no shell
	Visibility          string        `json:"visibility"`
	SupportedInAPI      bool          `json:"supported_in_api"`
	Priority            int           `json:"priority"` // the lowest is the default
	AvailabilityNux     *string       `json:"availability_nux"`
	Upgrade             *string       `json:"upgrade"`
	BaseInstructions    string        `json:"base_instructions"`
	ReasoningSummaries  bool          `json:"supports_reasoning_summaries"`
	SupportVerbosity    bool          `json:"support_verbosity"`
	DefaultVerbosity    *string       `json:"default_verbosity"`
	ApplyPatchToolType  *string       `json:"apply_patch_tool_type"`
	Truncation          truncation    `json:"truncation_policy"`
	ParallelToolCalls   bool          `json:"supports_parallel_tool_calls"`
	ContextWindow       *int64        `json:"context_window,omitempty"`
	ExperimentalTools   []string      `json:"experimental_supported_tools"`
	InputModalities     []string      `json:"input_modalities,omitempty"`
	SupportsSearchTool  bool          `json:"supports_search_tool"`
	PreferWebsockets    bool          `json:"prefer_websockets"`
	UseResponsesLite    bool          `json:"use_responses_lite"`
	ImageDetailOriginal bool          `json:"supports_image_detail_original"`
}

type codexEffort struct {
	Effort      string `json:"effort"`
	Description string `json:"description"`
}

type truncation struct {
	Mode  string `json:"mode"`
	Limit int64  `json:"limit"`
}

// codexEfforts are those that every model that reasons takes, natively or translated.
var codexEfforts = []codexEffort{
	{"low", "Answers soon, with little reasoning"},
	{"medium", "As much reasoning as most tasks need"},
	{"high", "More reasoning, for what is hard"},
}

func codexModels(models []catalog.Model) codexModelList {
	list := codexModelList{[]codexModel{}}
	for _, m := range models {
		if m.Type != "" && m.Type != "language" {
			continue
		}
		c := codexModel{
			Slug: m.ID, DisplayName: nameOf(m), Description: m.Description, Reasoning: []codexEffort{}, ShellType: "shell_command",
			Visibility: "list", SupportedInAPI: true, Priority: len(list.Models) + 1, BaseInstructions: codexInstructions,
			// What Codex itself takes for models that it does not know.
			Truncation: truncation{"bytes", 10_000}, ContextWindow: orNull(m.ContextWindow),
			ParallelToolCalls: true, // as every vendor's API has it unless told otherwise
			ExperimentalTools: []string{}, InputModalities: codexInput(m),
		}
		if slices.Contains(m.Tags, "reasoning") {
			c.Reasoning, c.ReasoningSummaries = codexEfforts, true
		}
		list.Models = append(list.Models, c)
	}
	return list
}

// codexInput gives the modalities in Codex's words, nil where they are unknown. It knows these two, and drops the list over
// a third.
func codexInput(m catalog.Model) []string {
	var out []string
	for _, known := range []string{"text", "image"} {
		if slices.Contains(m.InputModalities, known) {
			out = append(out, known)
		}
	}
	return out
}
