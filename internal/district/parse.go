package district

import (
	"math"
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

// parseInteger reads plain digits up to a million; anything else is -1.
func parseInteger(s string) int32 {
	if s == "" {
		return -1
	}
	n := int32(0)
	for i := range len(s) {
		if !isDigit(s[i]) {
			return -1
		}
		if n = 10*n + int32(s[i]-'0'); n > matcher.MaxInteger {
			return -1
		}
	}
	return n
}

// parseDecimal reads a finite decimal, with or without an exponent; anything
// else is not a number.
func parseDecimal(s string) float64 {
	for i := range len(s) {
		if !isDigit(s[i]) && strings.IndexByte("+-.eE", s[i]) < 0 {
			return math.NaN() // what ParseFloat would take: hexadecimal, inf, underscores
		}
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return x
}

// parseWeight reads a weight; of anything else it makes 0.
func parseWeight(s string) matcher.Weight {
	w, err := matcher.WeightOf(parseDecimal(s))
	if err != nil {
		return 0
	}
	return w
}

func integer(s string, byDefault int32) int32 {
	if s == "" {
		return byDefault
	}
	return parseInteger(s)
}

func decimal(s string, byDefault float64) float64 {
	if s == "" {
		return byDefault
	}
	return parseDecimal(s)
}

func optional[T any](s string, parse func(string) T) *T {
	if s == "" {
		return nil
	}
	v := parse(s)
	return &v
}

func orDefault[S ~string](s, byDefault S) S {
	if s == "" {
		return byDefault
	}
	return s
}

func boolean(r *row, column int, rep reporter) bool {
	switch s := r.text[column]; {
	case strings.EqualFold(s, "true"): // spreadsheets write it in capitals
		return true
	case s != "" && !strings.EqualFold(s, "false"):
		rep.error(r.line, rep.table.columns[column].name, ruleFlag)
	}
	return false
}

func date(r *row, column int, rep reporter) matcher.Date {
	if r.text[column] == "" {
		return 0
	}
	d, err := matcher.ParseDate(r.text[column])
	if err != nil {
		rep.error(r.line, rep.table.columns[column].name, err.Error())
	}
	return d
}

func position(r *row, latitude, longitude int, rep reporter) *matcher.Position {
	lat, lon := r.text[latitude], r.text[longitude]
	if lat == "" && lon == "" {
		return nil
	}
	if lat == "" {
		rep.error(r.line, "latitude", rulePosition)
	}
	if lon == "" {
		rep.error(r.line, "longitude", rulePosition)
	}
	return &matcher.Position{Latitude: decimal(lat, 0), Longitude: decimal(lon, 0)}
}
