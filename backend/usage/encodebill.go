package usage

import (
	"strconv"

	"gatehouse/backend/catalog"
)

// appendBill writes a bill as json.Marshal would.
func appendBill(b []byte, bill *catalog.Bill) []byte {
	b = append(b, '{')
	name := func(name string) {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), name...), '"', ':')
	}
	number := func(n string, v int64) {
		if v != 0 {
			name(n)
			b = strconv.AppendInt(b, v, 10)
		}
	}
	text := func(n, v string) {
		if v != "" {
			name(n)
			b = appendString(b, v)
		}
	}
	if len(bill.Lines) > 0 {
		name("lines")
		b = appendLines(b, bill.Lines)
	}
	number("over", bill.Over)
	text("service", bill.Service)
	text("region", bill.Region)
	text("hours", bill.Hours)
	if len(bill.Multipliers) > 0 {
		name("multipliers")
		for i, m := range bill.Multipliers {
			b = strconv.AppendInt(append(b, "[,"[min(i, 1)]), m, 10)
		}
		b = append(b, ']')
	}
	number("discount", bill.Discount)
	text("source", string(bill.Source))
	text("version", bill.Version)
	return append(b, '}')
}

func appendLines(b []byte, lines []catalog.Line) []byte {
	for i, l := range lines {
		b = append(b, "[,"[min(i, 1)])
		b = appendString(append(b, `{"kind":`...), string(l.Kind))
		b = strconv.AppendInt(append(b, `,"units":`...), l.Units, 10)
		for _, f := range []struct {
			name string
			n    *catalog.PicoUSD
		}{{`,"price":`, l.Price}, {`,"amount":`, l.Amount}} {
			if f.n != nil {
				b = strconv.AppendInt(append(b, f.name...), int64(*f.n), 10)
			}
		}
		b = append(b, '}')
	}
	return append(b, ']')
}
