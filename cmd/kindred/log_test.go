package main

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/zap"
)

// TestLogKeepsWhatIsRareAmongWhatIsNot: many like lines are thinned out, others
// beside them are not.
func TestLogKeepsWhatIsRareAmongWhatIsNot(t *testing.T) {
	var out bytes.Buffer
	log, err := newLogger(&out, "info")
	if err != nil {
		t.Fatal(err)
	}
	for range 100_000 {
		log.Info("call", zap.String("code", "OK"))
	}
	log.Info("call failed", zap.String("code", "NotFound"))
	log.Error("call")
	calls := strings.Count(out.String(), `"level":"info","ts"`) - 1
	if calls < 100 || calls > 20_000 {
		t.Errorf("%d lines of 100,000 like ones", calls)
	}
	for _, line := range []string{`"msg":"call failed","code":"NotFound"`, `"level":"error"`} {
		if strings.Count(out.String(), line) != 1 {
			t.Errorf("the log has %d lines with %s, want 1", strings.Count(out.String(), line), line)
		}
	}
}
