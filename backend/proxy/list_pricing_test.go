package proxy

import (
	"encoding/json"
	"reflect"
	"testing"

	"gatehouse/backend/catalog"
	"gatehouse/backend/provider"
)

// TestPricingIsReadAsItIsWritten: what the list says of prices, who reads such lists understands as it is.
func TestPricingIsReadAsItIsWritten(t *testing.T) {
	rates := catalog.Rates{Input: pico(3), Output: pico(15), CacheRead: pico(1), CacheWrite5m: pico(4)}
	long := catalog.Rates{Input: pico(6), Output: pico(22), CacheRead: pico(2), CacheWrite5m: pico(8)}
	for name, p := range map[string]catalog.Price{
		"rates":       {Rates: rates},
		"fees":        {Rates: catalog.Rates{Input: pico(3), Output: pico(15), CacheWrite1h: pico(6), Reasoning: pico(9)}, Request: pico(1), Search: pico(2), Image: pico(7)},
		"by length":   {Rates: rates, Long: []catalog.Step{{From: 200_001, Rates: long}}},
		"by region":   {Rates: rates, Regions: map[string]catalog.Variant{"eu": {Sheet: catalog.Sheet{Rates: long}}}},
		"input alone": {Rates: catalog.Rates{Input: pico(3)}},
	} {
		text, err := json.Marshal(pricingOf(&p))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := provider.PriceOf(text); !ok || !reflect.DeepEqual(got, p) {
			t.Errorf("%s: %s is read as %+v, %v", name, text, got, ok)
		}
	}
	if pricingOf(nil) != nil || pricingOf(&catalog.Price{Source: catalog.FromUser}) != nil {
		t.Error("a price that nothing is known of is shown")
	}
}
