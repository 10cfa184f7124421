package district

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestCarriagesByAnyBytesAtATime(t *testing.T) {
	const text = "a\r\n\"b\r\"\"\r\"\r\n\n\rc\"\"\r\nd\re\rf\r\n\"\r\n\r\",\r\rg\n\r"
	for name, from := range map[string]io.Reader{
		"whole": strings.NewReader(text), "halves": iotest.HalfReader(strings.NewReader(text)),
		"bytes": iotest.OneByteReader(strings.NewReader(text)),
	} {
		c := newCarriages(from)
		if got, err := io.ReadAll(c); string(got) != text || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		for _, want := range []struct {
			first, last int
			is          bool
		}{{1, 1, false}, {2, 3, false}, {4, 4, true}, {5, 5, true}, {6, 6, false}, {6, 7, true}, {8, 8, false}} {
			if got := c.between(want.first, want.last); got != want.is {
				t.Errorf("%s: from line %d to %d: %v", name, want.first, want.last, got)
			}
		}
	}
}
