package service

import (
	"testing"
	"time"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

func TestServerInfo(t *testing.T) {
	h := newHarness(t)
	ask := func() *kindredv1.GetServerInfoResponse {
		t.Helper()
		return must(h.system.GetServerInfo(t.Context(), &kindredv1.GetServerInfoRequest{District: district}))(t)
	}
	info := ask()
	if info.GetVersion() != "v1.2.3" || info.GetEpoch() != 0 {
		t.Errorf("got version %q and epoch %d", info.GetVersion(), info.GetEpoch())
	}
	if l := info.GetLimits(); l.GetMaxK() != 200 || l.GetDefaultK() != 10 || l.GetMaxTags() != 64 ||
		l.GetMaxBatchItems() != 1000 || l.GetRequestIdLife().AsDuration() != 24*time.Hour {
		t.Errorf("the limits are %v", l)
	}
	h.putTag(t, &kindredv1.Tag{Tag: "a"})
	if info := ask(); info.GetEpoch() != 1 {
		t.Errorf("got epoch %d, want 1", info.GetEpoch())
	}
}
