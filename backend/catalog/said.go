package catalog

import "time"

// Origin is who said something of a model, and when.
type Origin struct {
	Source Source
	// By names the source: a provider's id, or a package with its version.
	By string
	// At is when it was said; the zero time is unknown.
	At time.Time
}

// Said is what one source says of a model at a provider. What it leaves empty it does not say.
type Said struct {
	Model
	Origin *Origin
}

// Field is something that is said of a model.
type Field string

// The fields.
const (
	FieldName        Field = "name"
	FieldDescription Field = "description"
	FieldCreated     Field = "created"
	FieldReleased    Field = "released"
	FieldType        Field = "type"
	FieldContext     Field = "contextWindow"
	FieldMaxOutput   Field = "maxOutput"
	FieldPrice       Field = "price"
	FieldTags        Field = "tags"
	FieldInput       Field = "inputModalities"
	FieldOutput      Field = "outputModalities"
	FieldParameters  Field = "parameters"
	FieldRegions     Field = "regions"
	FieldAbilities   Field = "capabilities"
)

// fields are all fields: whether a model has one, and how to give it to another.
var fields = []struct {
	name Field
	has  func(*Model) bool
	give func(to, from *Model)
}{
	{FieldName, func(m *Model) bool { return m.Name != "" }, func(to, m *Model) { to.Name = m.Name }},
	{FieldDescription, func(m *Model) bool { return m.Description != "" }, func(to, m *Model) { to.Description = m.Description }},
	{FieldCreated, func(m *Model) bool { return m.Created != 0 }, func(to, m *Model) { to.Created = m.Created }},
	{FieldReleased, func(m *Model) bool { return m.Released != 0 }, func(to, m *Model) { to.Released = m.Released }},
	{FieldType, func(m *Model) bool { return m.Type != "" }, func(to, m *Model) { to.Type = m.Type }},
	{FieldContext, func(m *Model) bool { return m.ContextWindow != 0 }, func(to, m *Model) { to.ContextWindow = m.ContextWindow }},
	{FieldMaxOutput, func(m *Model) bool { return m.MaxOutput != 0 }, func(to, m *Model) { to.MaxOutput = m.MaxOutput }},
	{FieldPrice, func(m *Model) bool { return m.Price != nil }, func(to, m *Model) { to.Price = m.Price }},
	{FieldTags, func(m *Model) bool { return len(m.Tags) > 0 }, func(to, m *Model) { to.Tags = m.Tags }},
	{FieldInput, func(m *Model) bool { return len(m.InputModalities) > 0 }, func(to, m *Model) { to.InputModalities = m.InputModalities }},
	{FieldOutput, func(m *Model) bool { return len(m.OutputModalities) > 0 }, func(to, m *Model) { to.OutputModalities = m.OutputModalities }},
	{FieldParameters, func(m *Model) bool { return len(m.Parameters) > 0 }, func(to, m *Model) { to.Parameters = m.Parameters }},
	{FieldRegions, func(m *Model) bool { return len(m.Regions) > 0 }, func(to, m *Model) { to.Regions = m.Regions }},
	{FieldAbilities, func(m *Model) bool { return m.Capabilities != nil }, func(to, m *Model) { to.Capabilities = m.Capabilities }},
}

// fieldCount is how many fields there are; a test holds it to their list.
const fieldCount = 14

// origins tells of each field, in the order of fields, who said it.
type origins [fieldCount]*Origin

// merge puts together what several say of one model at one provider. The first that says something is believed; a price
// may be completed by those behind it, see completed.
func merge(first Said, others []Said) Model {
	m := first.Model
	m.origins = nil
	m.noteOrigins(first.Origin)
	for _, other := range others {
		if m.Price != nil && other.Price != nil {
			p := m.Price.completed(*other.Price)
			m.Price = &p
		}
		m.take(&other.Model, func(Field) *Origin { return other.Origin })
	}
	return m
}

// noteOrigins says of all that is there that it is from one source.
func (m *Model) noteOrigins(o *Origin) {
	for i, f := range fields {
		if f.has(m) {
			m.setOrigin(i, o)
		}
	}
}

// take fills what is open from another's, whose origins are told by from.
func (m *Model) take(other *Model, from func(Field) *Origin) {
	shared := m.origins
	for i, f := range fields {
		if f.has(m) || !f.has(other) {
			continue
		}
		f.give(m, other)
		if shared != nil && m.origins == shared { // the entry that it is a copy of keeps its own
			own := *shared
			m.origins = &own
		}
		m.setOrigin(i, from(f.name))
	}
}

func (m *Model) setOrigin(i int, o *Origin) {
	if m.origins == nil {
		m.origins = new(origins)
	}
	m.origins[i] = o
}

// Origin tells who said a field of a model, nil if nobody did or it is not known.
func (m Model) Origin(f Field) *Origin {
	if m.origins == nil {
		return nil
	}
	for i := range fields {
		if fields[i].name == f {
			return m.origins[i]
		}
	}
	return nil
}

// Fields gives the fields that have an origin, always in the same order.
func (m Model) Fields() []Field {
	var out []Field
	for i := range fields {
		if m.origins != nil && m.origins[i] != nil {
			out = append(out, fields[i].name)
		}
	}
	return out
}

// completed gives a price with what it leaves open taken from another source's, if both are the same price: their rates
// for input and output agree. A list often tells less than a provider's page of prices does: no searches, no cache writes
// of an hour, no steps for long prompts. Where the two differ, one of them is out of date, and mixing them would give a
// price that never was.
func (p Price) completed(other Price) Price {
	if p.Input == nil || !same(p.Input, other.Input) || !same(p.Output, other.Output) {
		return p
	}
	out := p
	if p.Long == nil {
		out.Long = other.Long
		out.Rates = p.Rates.over(other.Rates)
	}
	if p.Services == nil {
		out.Services = other.Services
	}
	if p.Regions == nil {
		out.Regions = other.Regions
	}
	if p.Hours == nil {
		out.Hours = other.Hours
	}
	into := out.fees()
	for i, from := range other.fees() {
		if *into[i] == nil {
			*into[i] = *from
		}
	}
	return out
}

// same tells whether two prices of a kind agree; a kind that neither has a price for, as the output of embeddings, does.
func same(a, b *PicoUSD) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// Sheet gives the rates of a price, with their steps.
func (p Price) Sheet() Sheet { return Sheet{p.Rates, p.Long} }
