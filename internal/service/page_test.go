package service

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

func TestPagesTogetherAreTheList(t *testing.T) {
	h := newHarness(t)
	var want []string
	for i := range 25 {
		id := fmt.Sprintf("t%02d", i)
		h.putTag(t, &kindredv1.Tag{Tag: id})
		want = append(want, id)
	}
	rapid.Check(t, func(r *rapid.T) {
		var got []string
		req := &kindredv1.ListTagsRequest{District: district}
		for {
			req.PageSize = int32(rapid.IntRange(0, 30).Draw(r, "size")) // it may change between pages
			page, err := h.catalog.ListTags(t.Context(), req)
			if err != nil {
				r.Fatal(err)
			}
			if req.GetPageSize() > 0 && len(page.GetTags()) > int(req.GetPageSize()) {
				r.Fatalf("a page of %d has %d", req.GetPageSize(), len(page.GetTags()))
			}
			for _, tag := range page.GetTags() {
				got = append(got, tag.GetTag())
			}
			if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
				break
			}
			if len(page.GetTags()) == 0 {
				r.Fatal("an empty page that is not the last")
			}
		}
		if !slices.Equal(got, want) {
			r.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestPageSizes(t *testing.T) {
	for size, want := range map[int32]int{0: DefaultPageSize, 1: 1, MaxPageSize: MaxPageSize, 1 << 30: MaxPageSize} {
		p := must(pageOf(&kindredv1.ListTagsRequest{District: district, PageSize: size}))(t)
		if p.limit != want {
			t.Errorf("page_size %d gives %d, want %d", size, p.limit, want)
		}
	}
	_, err := pageOf(&kindredv1.ListTagsRequest{District: district, PageSize: -1})
	refused(t, statusOf(t.Context(), err).Err(), codes.InvalidArgument, reasonInvalidField, "page_size")
}

func TestAPageTokenIsBoundToTheArguments(t *testing.T) {
	req := &kindredv1.ListPreferencesRequest{District: district, Student: "s1", PageSize: 3}
	req.PageToken = must(pageOf(req))(t).key.token("cursor")
	for _, other := range []pageRequest{
		&kindredv1.ListPreferencesRequest{District: "other", Student: "s1", PageToken: req.GetPageToken()},
		&kindredv1.ListPreferencesRequest{District: district, Student: "s2", PageToken: req.GetPageToken()},
		&kindredv1.ListPreferencesRequest{District: district, Opportunity: "s1", PageToken: req.GetPageToken()},
		&kindredv1.ListScoresRequest{District: district, Student: "s1", PageToken: req.GetPageToken()},
		&kindredv1.ListPreferencesRequest{District: district, Student: "s1", PageToken: req.GetPageToken() + "="},
		&kindredv1.ListPreferencesRequest{District: district, Student: "s1", PageToken: "x"},
	} {
		_, err := pageOf(other)
		refused(t, statusOf(t.Context(), err).Err(), codes.InvalidArgument, reasonPageToken, "page_token")
	}
	if p := must(pageOf(req))(t); p.cursor != "cursor" {
		t.Errorf("got the cursor %q", p.cursor)
	}
}

func TestAForgedCursorIsRefused(t *testing.T) {
	h := newHarness(t)
	h.putTag(t, &kindredv1.Tag{Tag: "a"})
	req := &kindredv1.ListScoresRequest{District: district}
	req.PageToken = must(pageOf(req))(t).key.token("cursor")
	_, err := h.students.ListScores(t.Context(), req)
	refused(t, err, codes.InvalidArgument, reasonPageToken, "page_token")
}

func TestALongPageEndsEarly(t *testing.T) {
	h := newHarness(t)
	label := strings.Repeat("x", 4000)
	const n = 700 // more than maxPageBytes of labels
	stream := must(h.catalog.ImportCatalog(t.Context()))(t)
	rows := make([]*kindredv1.Tag, n)
	for i := range rows {
		rows[i] = &kindredv1.Tag{Tag: fmt.Sprintf("t%04d", i), Label: label}
	}
	importAll(t, stream, &kindredv1.ImportCatalogHeader{District: district}, &kindredv1.ImportCatalogRows{Tags: rows})
	req := &kindredv1.ListTagsRequest{District: district, PageSize: MaxPageSize}
	total := 0
	for pages := 0; ; pages++ {
		page := must(h.catalog.ListTags(t.Context(), req))(t)
		if size := proto.Size(page); size > maxPageBytes+1<<20 {
			t.Fatalf("a page of %d bytes", size)
		}
		total += len(page.GetTags())
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			if pages == 0 {
				t.Error("all on one page")
			}
			break
		}
	}
	if total != n {
		t.Errorf("got %d, want %d", total, n)
	}
}

func TestADigestLeavesTheRequestAsItWas(t *testing.T) {
	req := &kindredv1.UpsertTagRequest{District: district, RequestId: "r", Tag: &kindredv1.Tag{Tag: "a"}}
	was := proto.Clone(req)
	d1 := must(digest(req, "request_id"))(t)
	if !proto.Equal(req, was) {
		t.Errorf("got %v, want %v", req, was)
	}
	req.RequestId = "other"
	if d2 := must(digest(req, "request_id"))(t); d1 != d2 {
		t.Error("the digest depends on the request id")
	}
	req.Etag = "1"
	if d3 := must(digest(req, "request_id"))(t); d1 == d3 {
		t.Error("the digest doesn't depend on the body")
	}
}

func FuzzPageToken(f *testing.F) {
	key := pageKey{1, 2, 3}
	f.Add(key.token("cursor"))
	f.Add("")
	f.Add("AQ")
	f.Add("AQECAwAAAAAA\n000")
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, 64)))
	f.Fuzz(func(t *testing.T, token string) {
		cursor, err := key.cursor(token)
		if err != nil {
			return
		}
		if again := key.token(cursor); again != token {
			t.Errorf("%q was read as %q, which gives %q", token, cursor, again)
		}
		if other := (pageKey{9}); token != "" {
			if _, err := other.cursor(token); err == nil {
				t.Errorf("%q fits other arguments", token)
			}
		}
	})
}
