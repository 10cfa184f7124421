package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/kindred-match/kindred/matcher"
)

// AppendLine appends a ranking as a line of JSON, byte for byte what
// encoding/json makes of it without escapes for HTML. Whole districts have
// millions of candidates, for which that takes too long.
func AppendLine(dst []byte, r *Ranking) ([]byte, error) {
	dst = append(dst, '{')
	if r.Student != "" {
		dst = appendString(append(dst, `"student":`...), r.Student)
		dst = append(dst, ',')
	}
	if r.Opportunity != "" {
		dst = appendString(append(dst, `"opportunity":`...), r.Opportunity)
		dst = append(dst, ',')
	}
	dst = append(dst, `"candidates":`...)
	if r.Candidates == nil {
		return append(dst, "null}\n"...), nil
	}
	dst = append(dst, '[')
	for i := range r.Candidates {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendCandidate(dst, &r.Candidates[i]); err != nil {
			return nil, err
		}
	}
	return append(dst, "]}\n"...), nil
}

func appendCandidate(dst []byte, c *Candidate) ([]byte, error) {
	dst = append(dst, '{')
	if c.Opportunity != "" {
		dst = append(appendString(append(dst, `"opportunity":`...), c.Opportunity), ',')
	}
	if c.Student != "" {
		dst = append(appendString(append(dst, `"student":`...), c.Student), ',')
	}
	dst = strconv.AppendInt(append(dst, `"rank":`...), int64(c.Rank), 10)
	dst = appendDecimal(append(dst, `,"score":`...), float64(c.Score))
	dst = strconv.AppendInt(append(dst, `,"units":"`...), int64(c.Units), 10)
	dst = append(dst, '"')
	if len(c.Tags) > 0 {
		tags, err := compact(c.Tags)
		if err != nil {
			return nil, err
		}
		dst = append(append(dst, `,"tags":`...), tags...)
	}
	return append(dst, '}'), nil
}

func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// appendDecimal writes a score with at most 6 decimals. One that is shown is an
// integer of millionths; those that are 0 or enormous are left to strconv.
func appendDecimal(dst []byte, score float64) []byte {
	shown := matcher.Shown(score)
	millionths := math.Round(1e6 * shown)
	if !(millionths > 0 && millionths < 1<<50) {
		return append(dst, Decimal(score).trimmed()...)
	}
	n := int64(millionths)
	dst = strconv.AppendInt(dst, n/1e6, 10)
	if n %= 1e6; n == 0 {
		return dst
	}
	digits := [7]byte{'.'}
	for i := 6; i > 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, bytes.TrimRight(digits[:], "0")...)
}

// appendString writes a string; what needs no escape as it is.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			escaped, _ := compact(s) // a string can always be encoded
			return append(dst, escaped...)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}
