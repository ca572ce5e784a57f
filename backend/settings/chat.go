package settings

// ChatDefault is what goes with messages of the chat window to a model.
type ChatDefault struct {
	System         string   `json:"system,omitempty" doc:"The system prompt. None by default."`
	Temperature    *float64 `json:"temperature,omitempty" doc:"The temperature, 0 to 2. 0.7 by default; models that refuse one get none."`
	OwnTemperature bool     `json:"ownTemperature,omitempty" doc:"Whether no temperature is sent, so that the model's own holds."`
}

// maxChatSystem bounds a system prompt, in bytes: the whole file has a bound.
const maxChatSystem = 64 << 10

func checkChatDefaults(s *Settings) *valueError {
	for _, id := range sortedKeys(s.ChatDefaults) {
		at, d := []string{"chatDefaults", id}, s.ChatDefaults[id]
		if err := checkModel(at, id); err != nil {
			return err
		}
		switch {
		case len(d.System) > maxChatSystem:
			return valueErrorf(append(at, "system"), "it has %d bytes; %d are possible", len(d.System), maxChatSystem)
		case d.Temperature != nil && (*d.Temperature < 0 || *d.Temperature > 2):
			return valueErrorf(append(at, "temperature"), "%g is outside 0 to 2", *d.Temperature)
		case d.Temperature != nil && d.OwnTemperature:
			return valueErrorf(at, "it needs either a \"temperature\" or \"ownTemperature\": true")
		}
	}
	return nil
}
