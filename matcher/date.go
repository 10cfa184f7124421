package matcher

import (
	"errors"
	"time"
)

// Date is a calendar day as the number yyyymmdd; 0 means "not said".
// Dates compare as numbers.
type Date int32

// ErrDate says what a date must be.
var ErrDate = errors.New("must be a date YYYY-MM-DD")

// ParseDate reads YYYY-MM-DD. It returns ErrDate for anything else, days that
// no calendar has included.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return 0, ErrDate
	}
	return DateOf(t), nil
}

// DateOf returns the day of t in t's location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(y*10000 + int(m)*100 + d)
}

// String returns YYYY-MM-DD, or nothing when no date was said.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	n := int(d)
	return time.Date(n/10000, time.Month(n/100%100), n%100, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}
