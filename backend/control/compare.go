package control

import (
	"context"
	"time"

	"gatehouse/backend/compare"
)

// CompareStart puts every prompt to every model. System is empty for none, Temperature null for each model's own.
type CompareStart struct {
	Prompts     []string `json:"prompts"`
	Models      []string `json:"models"`
	System      string   `json:"system"`
	Temperature *float64 `json:"temperature"`
}

// ComparisonSummary is a comparison in a list: Title is the beginning of its first prompt, Prompts counts them.
type ComparisonSummary struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Prompts   int       `json:"prompts"`
	Models    []string  `json:"models"`
	CreatedAt time.Time `json:"createdAt"`
	State     string    `json:"state" enum:"running,done,stopped"`
	Ended     int       `json:"ended"`
}

// PromptList is prompts that are kept under a name. Saving none removes the name.
type PromptList struct {
	Name    string   `json:"name"`
	Prompts []string `json:"prompts"`
}

// ComparisonList is all comparisons, the newest first, and the saved prompts by name.
type ComparisonList struct {
	Comparisons []ComparisonSummary `json:"comparisons"`
	PromptLists []PromptList        `json:"promptLists"`
}

// ComparisonRef names a comparison.
type ComparisonRef struct {
	Comparison string `json:"comparison"`
}

// ComparedPrompts is a comparison without its answers. Ended counts the answers that ended, however they did; Winners are the
// models picked, by prompt, empty where none is.
type ComparedPrompts struct {
	ID          string    `json:"id"`
	Prompts     []string  `json:"prompts"`
	Models      []string  `json:"models"`
	System      string    `json:"system"`
	Temperature *float64  `json:"temperature"`
	CreatedAt   time.Time `json:"createdAt"`
	State       string    `json:"state" enum:"running,done,stopped"`
	Ended       int       `json:"ended"`
	Winners     []string  `json:"winners"`
}

// ComparedAnswer is what a model answered to a prompt. Prompt is its place, from 0; Model is who was asked, AnsweredBy and
// Provider who answered. Numbers that are unknown are null.
type ComparedAnswer struct {
	Prompt     int    `json:"prompt"`
	Model      string `json:"model"`
	AnsweredBy string `json:"answeredBy"`
	Provider   string `json:"provider"`
	State      string `json:"state" enum:"waiting,streaming,done,stopped,failed"`
	Text       string `json:"text"`
	Reasoning  string `json:"reasoning"`
	Error      string `json:"error"`
	// Seq is the number of the last delta that Text and Reasoning hold.
	Seq             int64    `json:"seq"`
	InputTokens     *int64   `json:"inputTokens"`
	OutputTokens    *int64   `json:"outputTokens"`
	CostPicoUSD     *int64   `json:"costPicoUSD"`
	FirstTokenMs    *int64   `json:"timeToFirstTokenMs"`
	DurationMs      *int64   `json:"durationMs"`
	TokensPerSecond *float64 `json:"tokensPerSecond"` // after the first token
}

// ComparisonDetail is a comparison with an answer for each prompt and model: by prompt, then in the order of the models.
type ComparisonDetail struct {
	Comparison ComparedPrompts  `json:"comparison"`
	Answers    []ComparedAnswer `json:"answers"`
	// Totals are in the order of the models.
	Totals []ComparedTotal `json:"totals"`
}

// ComparedTotal is what is known of a model's answers together. Sums are null where one of those answered is unknown; the
// time to the first token and the speed are medians of those known.
type ComparedTotal struct {
	Model           string   `json:"model"`
	Wins            int      `json:"wins"`
	Answered        int      `json:"answered"`
	Failed          int      `json:"failed"`
	OutputTokens    *int64   `json:"outputTokens"`
	CostPicoUSD     *int64   `json:"costPicoUSD"`
	FirstTokenMs    *int64   `json:"timeToFirstTokenMs"`
	TokensPerSecond *float64 `json:"tokensPerSecond"`
}

// ComparePick keeps which model answered a prompt best; an empty one takes the choice back.
type ComparePick struct {
	Comparison string `json:"comparison"`
	Prompt     int    `json:"prompt"`
	Model      string `json:"model"`
}

// CompareDelta is the event "compare.delta": what was added to an answer. Deltas may be lost; "compare.answer" carries the
// answer whole when it has ended.
type CompareDelta struct {
	Comparison string `json:"comparison"`
	Prompt     int    `json:"prompt"`
	Model      string `json:"model"`
	Seq        int64  `json:"seq"`
	Text       string `json:"text"`
	Reasoning  string `json:"reasoning"`
}

// CompareAnswer is the event "compare.answer": an answer began or ended.
type CompareAnswer struct {
	Comparison string         `json:"comparison"`
	Ended      int            `json:"ended"`
	Answer     ComparedAnswer `json:"answer"`
}

// The comparisons' own types have the members of the faces' types, so that the compiler converts them; the events are
// published as they are.

func comparison(d compare.Detail, err error) (ComparisonDetail, error) {
	if err != nil {
		return ComparisonDetail{}, err
	}
	out := ComparisonDetail{Comparison: ComparedPrompts(d.Comparison), Answers: []ComparedAnswer{}, Totals: []ComparedTotal{}}
	for _, a := range d.Answers {
		out.Answers = append(out.Answers, ComparedAnswer(a))
	}
	for _, t := range d.Totals {
		out.Totals = append(out.Totals, ComparedTotal(t))
	}
	return out, nil
}

func (s *Service) compareList(context.Context, Empty) (ComparisonList, error) {
	found, err := s.Compare.List()
	if err != nil {
		return ComparisonList{}, err
	}
	lists, err := s.Compare.PromptLists()
	if err != nil {
		return ComparisonList{}, err
	}
	out := ComparisonList{Comparisons: []ComparisonSummary{}, PromptLists: []PromptList{}}
	for _, c := range found {
		out.Comparisons = append(out.Comparisons, ComparisonSummary(c))
	}
	for _, l := range lists {
		out.PromptLists = append(out.PromptLists, PromptList(l))
	}
	return out, nil
}

func (s *Service) compareGet(_ context.Context, r ComparisonRef) (ComparisonDetail, error) {
	return comparison(s.Compare.Get(r.Comparison))
}

func (s *Service) compareStart(_ context.Context, p CompareStart) (ComparisonDetail, error) {
	return comparison(s.Compare.Start(compare.New(p)))
}

func (s *Service) compareStop(_ context.Context, r ComparisonRef) (Empty, error) {
	return Empty{}, s.Compare.Stop(r.Comparison)
}

func (s *Service) comparePick(_ context.Context, p ComparePick) (ComparedPrompts, error) {
	c, err := s.Compare.Pick(p.Comparison, p.Prompt, p.Model)
	return ComparedPrompts(c), err
}

func (s *Service) compareDelete(_ context.Context, r ComparisonRef) (Empty, error) {
	return Empty{}, s.Compare.Delete(r.Comparison)
}

func (s *Service) compareRestore(_ context.Context, r ComparisonRef) (ComparedPrompts, error) {
	c, err := s.Compare.Restore(r.Comparison)
	return ComparedPrompts(c), err
}

func (s *Service) comparePrompts(_ context.Context, l PromptList) (Empty, error) {
	return Empty{}, s.Compare.SavePrompts(compare.PromptList(l))
}
